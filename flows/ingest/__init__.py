"""Outputs of ecological models and global tables become an account that a refresh can read."""
