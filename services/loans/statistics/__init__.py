"""Green-loan statistics of a quarter: what is reported, what must add up, and versions that are closed."""
