"""Whose sky: regions, exact lookup, and the ledger of crossings."""

from overflight.airspace.ledger import Ledger, ledger
from overflight.airspace.regions import Region, Regions, countries

__all__ = ["Ledger", "Region", "Regions", "countries", "ledger"]
