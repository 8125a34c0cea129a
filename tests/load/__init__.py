"""An open-loop load client that costs little, for tests and benchmarks that deploy under load."""
