"""A stored loan book reviewed for the risk committee: losses, wrong-way risk, stress, quality, capital, pledges."""
