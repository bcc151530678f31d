"""The green fund: from pipeline to the money of its partners."""
