"""Loans that are secured by ecological assets."""
