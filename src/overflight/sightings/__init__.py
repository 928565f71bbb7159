"""Sightings: who saw what, where and when, how exactly, on what evidence."""

from overflight.sightings.read import read
from overflight.sightings.sighting import Altitude, Bearing, Ellipse, Problem, Reading, Sighting

__all__ = ["Altitude", "Bearing", "Ellipse", "Problem", "Reading", "Sighting", "read"]
