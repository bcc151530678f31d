"""What factors are made of and fitted to: curves, shapes, seasons, sharing schemes, calibration."""
