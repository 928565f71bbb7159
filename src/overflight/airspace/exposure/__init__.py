"""Exposure: how likely unsteered balloons of many places, levels and dates cross each country."""

from overflight.airspace.exposure.answers import crossing_many, lorenz, open_cube, origins, ranking
from overflight.airspace.exposure.places import Place, places_of
from overflight.airspace.exposure.plan import Plan, dates_between
from overflight.airspace.exposure.run import expose

__all__ = [
    "Place",
    "Plan",
    "crossing_many",
    "dates_between",
    "expose",
    "lorenz",
    "open_cube",
    "origins",
    "places_of",
    "ranking",
]
