"""The fund on common factor paths: the question, changed worlds, what came of it."""
