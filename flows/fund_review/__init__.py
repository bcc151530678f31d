"""The fund of a question reviewed for its partners: simulated, compared, chosen from, paced, shared by county."""
