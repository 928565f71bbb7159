"""Sphinx configuration."""

from overflight import __version__

project = "overflight"
author = "the overflight maintainers"
release = version = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"overflight {release}"
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]
