"""Defaults and losses in closed form or given the factors, and what follows for price and tail."""
