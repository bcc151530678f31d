"""A synthetic loan book seeded by the published cases: drawn, written to files, stored with its pledges."""
