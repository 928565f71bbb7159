"""Compiled loops of the track: winds along paths, covariances of displacement, solutions, draws."""
