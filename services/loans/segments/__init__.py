"""Terms that a question gives for parts of a book: curves of default, risk-compensation funds."""
