"""The remains: where they came down, how they drift on water, where they lie on the bed.

``recover.search`` plans a search of what this room finds.
"""

from overflight.recover.event import Event
from overflight.recover.landing import Landing, land
from overflight.recover.objects import STATES, ObjectClass, objects_of

__all__ = ["STATES", "Event", "Landing", "ObjectClass", "land", "objects_of"]
