"""Compiled loops of inference: pure numbers in, pure numbers out."""
