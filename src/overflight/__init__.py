"""overflight: where a high-altitude balloon went, over whom, and how sure one can be.

Rooms are imported on first use, so that ``import overflight`` costs nothing:

>>> import overflight as of
>>> of.geo.atmosphere.pressure_pa(0.0)
101325.0
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

__all__ = ["airspace", "case", "drift", "errors", "flight", "geo", "infer", "sightings", "winds"]


def __getattr__(name: str) -> ModuleType:
    """Import a room when it is first named (PEP 562)."""
    if name in __all__:
        return import_module(f"overflight.{name}")
    raise AttributeError(f"module 'overflight' has no attribute {name!r}")
