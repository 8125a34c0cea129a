"""What travels inside each release: standard library only, Python 3.9 and up."""
