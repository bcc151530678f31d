"""Calibration of the market from a folder of series: what the parameters would be, for a person to accept."""
