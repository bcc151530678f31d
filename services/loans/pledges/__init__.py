"""Pledges behind loans after the loan is granted: loan to value, levels, events, what to value again."""
