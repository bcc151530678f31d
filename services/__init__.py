"""Services that share one skeleton."""
