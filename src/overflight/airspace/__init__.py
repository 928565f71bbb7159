"""Whose sky: regions, exact lookup, and the ledger of crossings."""

from overflight.airspace.crossings import Crossings, crossings
from overflight.airspace.embedded import countries
from overflight.airspace.ledger import Ledger, ledger
from overflight.airspace.regions import Region, Regions

__all__ = ["Crossings", "Ledger", "Region", "Regions", "countries", "crossings", "ledger"]
