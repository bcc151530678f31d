"""Where ranges of paths are simulated: threads of the server, or a Dask cluster."""
