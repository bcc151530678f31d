"""Default curves and risk-compensation funds that a book keeps, by the day from which they are in force."""
