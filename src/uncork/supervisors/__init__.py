"""The supervisors that keep servers running, one file each."""
