"""A factor from a series: both models, their errors, and what the choice does to a value."""
