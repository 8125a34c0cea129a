"""What a machine needs to serve: what is seen of it, what is to be changed, and how that is taken back."""
