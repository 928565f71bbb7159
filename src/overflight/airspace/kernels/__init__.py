"""Compiled code of the airspace: the grid over the borders, places and paths against it, what paths crossed."""
