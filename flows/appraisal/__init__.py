"""One pledge appraised for the credit file: valued, sized, stressed, set beside published cases."""
