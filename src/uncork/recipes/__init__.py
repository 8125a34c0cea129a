"""Config and facts in, plans out."""
