"""A book of loans on simulated paths: losses, stress, and the link of collateral to borrowers."""
