"""The companion of a state directory: rotates logs, collects errors, sends mail, so that no request waits for that."""
