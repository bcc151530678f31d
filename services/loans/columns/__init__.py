"""A book as arrays: what a calculation over a million loans reads of them, without an object for each."""
