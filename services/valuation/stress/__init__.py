"""Assets in changed worlds, and the smallest move that breaks a limit."""
