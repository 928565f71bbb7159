"""The routes, one group a file; each gives ``router(...)``."""
