"""Sightings: who saw what, where and when, how exactly, on what evidence."""

from overflight.sightings.read import read
from overflight.sightings.sighting import Altitude, Problem, Reading, Sighting

__all__ = ["Altitude", "Problem", "Reading", "Sighting", "read"]
