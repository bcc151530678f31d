"""How loans are paid back, in whole cents."""
