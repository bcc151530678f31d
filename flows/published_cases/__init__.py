"""The 29 published pledge cases: what they say, what is missing, what they are worth, what is odd about them."""
