"""Twenty weather-balloon flights: their ascent, burst and descent against the vertical models.

Density is that of the standard atmosphere: the flights come without a sounding of their own. The first fix of
an ascent and the last before the ground are left out, for they mix flight and standing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from checks import page
from overflight.flight.phases import PARACHUTE_EXPONENT
from overflight.geo import atmosphere

F64 = NDArray[np.float64]
RHO0 = 1.225
FOLDER = "flights/hab-alps-greenland-morocco"
DOCUMENT = page.ROOT / "docs" / "method" / "flight.md"
Slowness = Callable[[F64], F64]
"""Seconds that a metre of height takes, up to a factor."""


@dataclass(frozen=True)
class Leg:
    """Times [s] and altitudes [m] of one ascent or descent."""

    t: F64
    z: F64

    @property
    def middle(self) -> int:
        """First fix beyond half the height of the leg."""
        half = 0.5 * (self.z[0] + self.z[-1])
        return int(np.argmax((self.z - half) * np.sign(self.z[-1] - self.z[0]) >= 0.0))

    def part(self, start: int, end: int) -> Leg:
        return Leg(self.t[start : end + 1], self.z[start : end + 1])

    @property
    def seconds(self) -> float:
        return float(self.t[-1] - self.t[0])

    @property
    def rate(self) -> float:
        return float(self.z[-1] - self.z[0]) / self.seconds


@dataclass(frozen=True)
class Sounding:
    """One flight: its fixes read and refused, its highest fix, and its legs between the outermost fixes."""

    name: str
    fixes: int
    refused: int
    burst_m: float
    up: Leg
    down: Leg | None


def fix_of(line: str) -> tuple[float, float] | None:
    """Time and altitude of a row, with or without the tracker's id before it; None if it is no fix."""
    field = [text.strip() for text in line.split(",")]
    field = field[1:] if field[0].startswith("RB") else field
    try:
        time = datetime.strptime(f"{field[0]} {field[1]}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        return time.timestamp(), float(field[4])
    except (ValueError, IndexError):
        return None


def falls(t: F64, z: F64) -> bool:
    """Whether two fixes less than half an hour apart go down at 0.7 m/s or more."""
    return bool(t[1] - t[0] < 1_800.0 and z[0] - z[1] > 0.7 * (t[1] - t[0]))


def read_sounding(path: Path) -> Sounding:
    """The flight around the highest fix; days on the ground and a wrong clock fall off by themselves."""
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    fixes = [fix for fix in map(fix_of, lines) if fix is not None]
    t, z = np.array(sorted(fixes)).T
    top = start = end = int(z.argmax())
    while start > 0 and z[start - 1] < z[start] and t[start] - t[start - 1] < 3_600.0:
        start -= 1
    while end + 1 < z.size and falls(t[end : end + 2], z[end : end + 2]):
        end += 1
    whole = Leg(t, z)
    down = whole.part(top + 1, end - 1) if end - top >= 5 and z[top + 1] > 15_000.0 else None
    return Sounding(path.stem, len(fixes), len(lines) - len(fixes), float(z[top]), whole.part(start + 1, top - 1), down)


def layer_s(leg: Leg, slowness: Slowness) -> float:
    """Time through the heights of a leg at ``slowness(z)`` seconds a metre."""
    z = np.linspace(leg.z[0], leg.z[-1], 400)
    return abs(float(np.trapezoid(slowness(z), z)))


def fall_slowness(exponent: float) -> Slowness:
    """The law ``v = v0 (rho0 / rho)^n``."""
    return lambda z: (atmosphere.density_kg_m3(z) / RHO0) ** exponent


def forecast(leg: Leg, slowness: Slowness) -> tuple[float, float]:
    """Scale of the speed from the first half of the height, and the relative error of the time for all."""
    first = leg.part(0, max(1, leg.middle))
    speed = layer_s(first, slowness) / first.seconds
    return speed, layer_s(leg, slowness) / speed / leg.seconds - 1.0


def exponent_of(leg: Leg) -> float:
    """n of v = v0 (rho0 / rho)^n by least squares of log speed."""
    rate, z = np.abs(np.diff(leg.z) / np.diff(leg.t)), 0.5 * (leg.z[1:] + leg.z[:-1])
    moving = rate > 0.5
    weight = np.sqrt(np.diff(leg.t)[moving])
    return -float(np.polyfit(np.log(atmosphere.density_kg_m3(z[moving])), np.log(rate[moving]), 1, w=weight)[0])


def read_all(data: Path) -> list[Sounding]:
    """Read all flights, in the order of their names."""
    return [read_sounding(path) for path in sorted((data / FOLDER).glob("*.csv"))]


def table_row(s: Sounding) -> list[str]:
    """Return the row of a flight in docs/method/flight.md."""
    cells = [s.name, f"{s.up.rate:.2f}", f"{exponent_of(s.up):+.2f}", f"{s.burst_m:.0f}"]
    if s.down is None:
        return [*cells, "-", "-", "-", "-", "-"]
    v0, error = forecast(s.down, fall_slowness(0.5))
    _, fitted = forecast(s.down, fall_slowness(PARACHUTE_EXPONENT.a))
    minutes = s.down.seconds / 60.0
    fit = [f"{v0:.2f}", f"{exponent_of(s.down):.2f}", f"{minutes:.1f}"]
    return [*cells, *fit, f"{error * minutes:+.1f}", f"{fitted * minutes:+.1f}"]


HEADER = ("flight", "ascent m/s", "ascent n", "highest fix m", "v0 m/s", "descent n", "descent min",
          "error, n = 0.5, min", "error, n = 0.56, min")  # fmt: skip


def relative_speed(leg: Leg, exponent: float) -> tuple[F64, F64]:
    """Density between fixes, and speed over the speed at sea level that the law with ``exponent`` fits to the leg."""
    rate, z = np.abs(np.diff(leg.z) / np.diff(leg.t)), 0.5 * (leg.z[1:] + leg.z[:-1])
    return atmosphere.density_kg_m3(z), rate * leg.seconds / layer_s(leg, fall_slowness(exponent))


def draw(soundings: list[Sounding]) -> Path:
    """Draw the speed of descents against density, and the error of the time to the ground."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.6), layout="constrained")
    legs = [s.down for s in soundings if s.down is not None]
    for leg in legs:
        left.loglog(*relative_speed(leg, PARACHUTE_EXPONENT.a), "-", color=page.GREY, linewidth=0.6, alpha=0.7)
    density = np.geomspace(0.025, 1.15, 50)
    for n, colour in ((0.5, page.RED), (PARACHUTE_EXPONENT.a, page.BLUE)):
        left.loglog(density, (density / RHO0) ** -n, color=colour, linewidth=1.5, label=f"n = {n:g}")
        errors = sorted(100.0 * forecast(leg, fall_slowness(n))[1] for leg in legs)
        median = f"median {np.median(errors):+.1f} %"
        right.plot(errors, np.arange(1, len(errors) + 1), "o", color=colour, markersize=4, label=f"n = {n:g}: {median}")
    left.set(xlabel="air density [kg/m3]", ylabel="fall speed / speed at sea level", title=f"{len(legs)} descents")
    left.set_xticks([0.01, 0.03, 0.1, 0.3, 1.0], ["0.01", "0.03", "0.1", "0.3", "1"])
    left.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
    left.minorticks_off()
    left.legend(loc="lower left")
    right.axvline(0.0, color="k", linewidth=0.8)
    right.set(xlabel="error of the time to the ground, from the upper half [%]", title="Prediction", yticks=[])
    right.annotate(
        "19-7-30: its parachute\npartly closed", (29.5, len(errors) - 1.9), color=page.GREY, fontsize=8, ha="center"
    )
    right.legend(loc="lower right")
    return page.save(figure, "soundings")
