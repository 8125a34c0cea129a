"""What a source tree holds, read from its texts."""
