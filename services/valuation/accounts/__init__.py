"""The ecosystem account behind a value: its specification, its services and their errors."""
