"""Which projects to choose under limits, and what contradicts itself where no choice keeps them."""
