"""How balloons and debris move up and down: phases, their chains, and what each member draws.

The phases themselves stand in ``overflight.flight.phases``, ``.superpressure``, ``.zero_pressure`` and
``.debris``, their ends in ``.until``.
"""

from overflight.flight.flight import Flight
from overflight.flight.profiles import (
    debris,
    float_at_altitude,
    float_at_density,
    float_at_pressure,
    float_at_unknown_level,
    sounding,
    superpressure,
    tawhiri_float,
    tawhiri_standard,
)
from overflight.flight.record import from_record, to_record

__all__ = [
    "Flight",
    "debris",
    "float_at_altitude",
    "float_at_density",
    "float_at_pressure",
    "float_at_unknown_level",
    "from_record",
    "sounding",
    "superpressure",
    "tawhiri_float",
    "tawhiri_standard",
    "to_record",
]
