"""A grid of scenarios for the fund: several term sheets and settings in several worlds, on the same draws."""
