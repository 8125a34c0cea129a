"""The fronts that face the world, one file each."""
