"""Regions from elsewhere: the user's own files, and data sets that the user fetches. One file a source or format."""

from overflight.airspace.sources.fir import read_firs
from overflight.airspace.sources.marine_regions import read_marine_regions
from overflight.airspace.sources.natural_earth import read_natural_earth
from overflight.airspace.sources.user import Naming, read_regions

__all__ = ["Naming", "read_firs", "read_marine_regions", "read_natural_earth", "read_regions"]
