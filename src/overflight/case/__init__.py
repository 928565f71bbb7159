"""The incident file: an append-only log of evidence, sightings and findings, and the report made of it."""
