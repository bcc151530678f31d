"""Given flows shared by given terms."""
