"""The `ecopledge` command line."""
