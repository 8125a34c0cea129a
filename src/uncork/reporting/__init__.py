"""What was served, by the day: the access log counted, and the status report composed of it."""
