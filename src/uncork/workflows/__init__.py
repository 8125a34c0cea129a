"""One file a verb: read the facts, make a plan, carry it out, report."""
