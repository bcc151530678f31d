"""What the core banking system reports of loans: positions, movements, reversals."""
