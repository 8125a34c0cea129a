"""What the README's figures come from: uncork beside its peers, in one run, on one small app."""
