"""Plan a search from a density of places, and learn from one that found nothing."""

from overflight.recover.search.allocate import Allocation, allocate, passes
from overflight.recover.search.areas import read_area, searched_share
from overflight.recover.search.cells import Cells, read_cells, to_geojson, write_cells
from overflight.recover.search.detection import Detection, pod
from overflight.recover.search.effort import Effort
from overflight.recover.search.files import WRITERS
from overflight.recover.search.plan import Curve, Plan, plan
from overflight.recover.search.sensors import SweepWidths, sweep_widths
from overflight.recover.search.sorties import Leg, Sortie
from overflight.recover.search.update import Search, Update, update

__all__ = [
    "WRITERS",
    "Allocation",
    "Cells",
    "Curve",
    "Detection",
    "Effort",
    "Leg",
    "Plan",
    "Search",
    "Sortie",
    "SweepWidths",
    "Update",
    "allocate",
    "passes",
    "plan",
    "pod",
    "read_area",
    "read_cells",
    "searched_share",
    "sweep_widths",
    "to_geojson",
    "update",
    "write_cells",
]
