"""Losses of a book of secured loans over many periods, with prices, collateral and defaults on the same paths."""
