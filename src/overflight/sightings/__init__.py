"""Sightings: who saw what, where and when, how exactly, on what evidence."""

from overflight.sightings.defaults import Defaults, Errors, defaults_of
from overflight.sightings.formats import FORMATS
from overflight.sightings.read import read, read_all
from overflight.sightings.rejects import write_rejects
from overflight.sightings.sighting import Altitude, Bearing, Ellipse, EvidenceFile, Problem, Reading, Sighting

__all__ = [
    "FORMATS",
    "Altitude",
    "Bearing",
    "Defaults",
    "Ellipse",
    "Errors",
    "EvidenceFile",
    "Problem",
    "Reading",
    "Sighting",
    "defaults_of",
    "read",
    "read_all",
    "write_rejects",
]
