"""What becomes of an app's errors: taken from the spool, grouped, told by mail and webhook, and kept to be looked at."""
