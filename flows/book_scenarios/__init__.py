"""A grid of scenarios for the loan book: the whole of it and parts of it, each in several worlds on the same draws."""
