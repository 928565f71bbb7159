"""The remains: where they came down, how they drift on water, where they lie on the bed.

``recover.search`` plans a search of what this room finds.
"""

from overflight.recover.event import Event
from overflight.recover.landing import Landing, land
from overflight.recover.objects import STATES, USUAL, ObjectClass, objects_of
from overflight.recover.settle import settle
from overflight.recover.water import Sea, wind_at_10_m

__all__ = ["STATES", "USUAL", "Event", "Landing", "ObjectClass", "Sea", "land", "objects_of", "settle", "wind_at_10_m"]
