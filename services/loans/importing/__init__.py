"""Imports of any size: rows are checked as they arrive, kept on disk, and written at the end in one transaction."""
