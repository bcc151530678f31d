"""What fields and codes are called in Chinese, for every sentence and table that people read."""
