"""What pledges are worth: today, at a horizon, along the way, and what moves that."""
