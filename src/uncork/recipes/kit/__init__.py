"""A release as files that a person can read, keep, and run without uncork."""
