"""Pure numerics: arrays in, arrays out; no I/O, no network, no database, no kinds of asset."""
