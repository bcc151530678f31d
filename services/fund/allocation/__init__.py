"""Which projects to choose, under which limits, and what the limits cost."""
