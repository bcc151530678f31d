"""A synthetic loan book, for demonstrations and measurements: every name in it says that it is synthetic."""
