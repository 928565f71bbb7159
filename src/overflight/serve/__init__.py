"""The live service: one process that answers over HTTP, runs long work as jobs, and serves the page."""
