"""Published figures recomputed from other published figures."""
