"""The line: what parties are told, and in which forms."""
