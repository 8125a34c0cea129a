"""The servers that run an app, one file each."""
