"""Compiled loops of the watch."""
