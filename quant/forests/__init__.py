"""What grows in a forest and what it is worth; `quant.forestry` is the front door."""
