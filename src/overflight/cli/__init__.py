"""The command line: parse, one call, write, exit code."""
