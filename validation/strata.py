"""What is asked: a dozen strata of latitude, level, duration, sightings, product and reported altitude.

Each of the three-fold factors stands four times at each of its values, the two-fold one six times, and each pair of
values of two factors meets once or twice (a near-orthogonal design found by exchange).
"""

from __future__ import annotations

from dataclasses import dataclass

POSITION_SD_M = 5_000.0
ALTITUDE_SD_M = 300.0
HALF_BAND_M = 1_500.0

LATITUDES = {"tropics": (0.0, 20.0), "middle": (35.0, 55.0), "polar": (65.0, 80.0)}
LEVELS_M = {"12km": 12_000.0, "16km": 16_000.0, "20km": 20_000.0}


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """One kind of case.

    Attributes
    ----------
    latitude : name of a band in LATITUDES, both hemispheres alike.
    level : name of a level in LEVELS_M; cases lie evenly within 1.5 km of it, standard altitude.
    hours : from first to last sighting.
    sightings : their number, at whole hours drawn at random between the first and the last.
    product : winds given, see ``field.field``.
    altitude_sd_m : standard deviation of reported altitudes, or None where none is reported. [m]
    """

    latitude: str
    level: str
    hours: int
    sightings: int
    product: str
    altitude_sd_m: float | None

    @property
    def name(self) -> str:
        """A name that is a folder too."""
        altitude = "none" if self.altitude_sd_m is None else "reported"
        return f"{self.latitude}-{self.level}-{self.hours}h-{self.sightings}-{self.product}-{altitude}"


def _row(latitude: str, level: str, hours: int, sightings: int, product: str, *, reported: bool) -> Stratum:
    return Stratum(
        latitude=latitude,
        level=level,
        hours=hours,
        sightings=sightings,
        product=product,
        altitude_sd_m=ALTITUDE_SD_M if reported else None,
    )


STRATA = (
    _row("tropics", "12km", 12, 6, "table", reported=False),
    _row("tropics", "12km", 48, 3, "stated", reported=True),
    _row("tropics", "16km", 96, 12, "table", reported=True),
    _row("tropics", "20km", 48, 12, "coarse", reported=False),
    _row("middle", "12km", 12, 12, "coarse", reported=True),
    _row("middle", "16km", 12, 3, "coarse", reported=False),
    _row("middle", "20km", 48, 6, "table", reported=True),
    _row("middle", "20km", 96, 6, "stated", reported=False),
    _row("polar", "12km", 96, 3, "table", reported=False),
    _row("polar", "16km", 48, 12, "stated", reported=False),
    _row("polar", "16km", 96, 6, "coarse", reported=True),
    _row("polar", "20km", 12, 3, "stated", reported=True),
)
POWER_HOURS = (6, 12, 24, 48, 72, 96)
POWER_SPEEDS_MS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
POWER_STRATA = tuple(
    _row(latitude, level, hours, 6, "table", reported=True)
    for latitude, level in (("tropics", "20km"), ("middle", "16km"), ("polar", "16km"))
    for hours in POWER_HOURS
)
ALL = {s.name: s for s in (*STRATA, *POWER_STRATA)}


def stratum(name: str) -> Stratum:
    """Return the stratum of a name."""
    if name not in ALL:
        raise ValueError(f"stratum: got {name!r}, expected {', '.join(s.name for s in STRATA)}")
    return ALL[name]
