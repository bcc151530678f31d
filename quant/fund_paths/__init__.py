"""A fund over many paths: projects, calls, the fund's own money, distributions."""
