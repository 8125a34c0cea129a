"""The fronts, one file each."""
