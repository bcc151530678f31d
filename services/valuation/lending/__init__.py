"""How much may be lent, at what rate, and what would have to change to lend more."""
