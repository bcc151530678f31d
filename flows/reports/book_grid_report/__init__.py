"""The report on a grid of the loan book: worlds by parts, small multiples, every figure, what it rests on."""
