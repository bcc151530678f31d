"""Random numbers with an address each: the same draw whatever stands beside it."""
