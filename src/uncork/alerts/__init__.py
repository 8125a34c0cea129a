"""What becomes of an app's errors: grouped, told by mail and webhook, and kept to be looked at."""
