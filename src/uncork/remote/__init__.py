"""Machines over SSH, as the client sees them: one connection a host, what is sent through it, who goes first."""
