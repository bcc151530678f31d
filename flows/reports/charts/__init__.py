"""Charts: what they show (`model`) and how they are drawn (one module for each family)."""
