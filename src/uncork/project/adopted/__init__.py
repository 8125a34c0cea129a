"""What people already have to start their app: read as text, and said again as a config of uncork's."""
