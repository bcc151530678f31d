"""Named changes of the market: what they are, may say, are read from, and do to a snapshot."""
