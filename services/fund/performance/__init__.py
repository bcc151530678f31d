"""What a ledger of flows was worth, and the pacing of commitments."""
