"""Reads an accounts folder and turns it into assets; docs/accounts-folder.md describes the files."""
