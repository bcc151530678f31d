"""The kinds of asset and the published rules that the pricers know, as data."""
