"""The report on a grid of the fund: worlds by variants, small multiples, every figure, what it rests on."""
