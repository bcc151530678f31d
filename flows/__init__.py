"""Flows compose the services and hold no mathematics; flows.reports renders what they found."""
