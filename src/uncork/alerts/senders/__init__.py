"""The ways to people: one file each."""
