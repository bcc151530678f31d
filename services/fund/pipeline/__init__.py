"""Projects of the pipeline: what the lists say, what is odd in them, and sector assumptions."""
