"""What docs/method/checks.md shows: the computations behind its tables and figures, shared with the tests."""
