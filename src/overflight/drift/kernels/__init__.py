"""Compiled inner loops: numbers in, numbers out. No files, no dates, no objects."""
