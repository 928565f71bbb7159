"""The vertical models against twenty weather-balloon flights and two parachute descents.

Density is that of the standard atmosphere: the flights come without a sounding of their own. The first fix of
an ascent and the last before the ground are left out, for they mix flight and standing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from overflight.flight import kernels, latex, sounding
from overflight.flight.phases import PARACHUTE_EXPONENT
from overflight.geo import atmosphere

RHO0 = 1.225
GROUND_M = 140.0
"""Height of the EuRoC 2023 range above sea level; the records count from the ground."""
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "method" / "flight.md"


@dataclass(frozen=True)
class Leg:
    """Times [s] and altitudes [m] of one ascent or descent."""

    t: np.ndarray
    z: np.ndarray

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


def falls(t: np.ndarray, z: np.ndarray) -> bool:
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


def layer_s(leg: Leg, slowness) -> float:  # type: ignore[no-untyped-def]
    """Time through the heights of a leg at ``slowness(z)`` seconds a metre."""
    z = np.linspace(leg.z[0], leg.z[-1], 400)
    return abs(float(np.trapezoid(slowness(z), z)))


def fall_slowness(exponent: float):  # type: ignore[no-untyped-def]
    return lambda z: (atmosphere.density_kg_m3(z) / RHO0) ** exponent


def forecast(leg: Leg, slowness) -> tuple[float, float]:  # type: ignore[no-untyped-def]
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


@pytest.fixture
def soundings(shared_data: Path) -> list[Sounding]:
    folder = shared_data / "flights" / "hab-alps-greenland-morocco"
    if not folder.is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    return [read_sounding(path) for path in sorted(folder.glob("*.csv"))]


def descents(soundings: list[Sounding]) -> list[Leg]:
    return [s.down for s in soundings if s.down is not None]


def rms(values: list[float]) -> float:
    return math.sqrt(float(np.mean(np.square(values))))


def test_all_twenty_are_read(soundings: list[Sounding]) -> None:
    assert len(soundings) == 20
    assert sum(s.refused for s in soundings) == 0
    assert len(descents(soundings)) == 18  # 19-2-9 stops at 16.8 km, 18-8-11 has a gap down to 8.8 km
    for s in soundings:
        assert (np.diff(s.up.z) > 0.0).all()
        assert s.up.seconds < 4.0 * 3_600.0


def test_burst_altitudes_lie_where_soundings_burst(soundings: list[Sounding]) -> None:
    burst = [s.burst_m for s in soundings if s.name != "19-2-9"]
    assert np.median(burst) == pytest.approx(30_341.0, abs=1.0)
    assert min(burst) > 23_000.0
    assert max(burst) < 33_000.0


def test_ascent_rates_are_those_of_the_default_spread(soundings: list[Sounding]) -> None:
    rates = np.array([s.up.rate for s in soundings])
    assert rates.mean() == pytest.approx(4.7, abs=0.3)
    assert rates.std(ddof=1) == pytest.approx(0.7, abs=0.15)


def ascent_errors(soundings: list[Sounding], slowness) -> list[float]:  # type: ignore[no-untyped-def]
    return [forecast(s.up, slowness)[1] for s in soundings]


def drag_curve_slowness(z: np.ndarray) -> np.ndarray:
    air = zip(atmosphere.density_kg_m3(z), atmosphere.temperature_k(z), strict=True)
    return np.array([1.0 / latex.buoyant_rate_ms(4.3, 1.2, -1.0, float(rho), float(t)) for rho, t in air])


def test_a_constant_rate_or_the_drag_curve_describes_the_ascent_and_constant_drag_does_not(
    soundings: list[Sounding],
) -> None:
    constant = ascent_errors(soundings, np.ones_like)
    curve = ascent_errors(soundings, drag_curve_slowness)
    sixth = ascent_errors(soundings, lambda z: atmosphere.density_kg_m3(z) ** (1.0 / 6.0))
    assert abs(np.median(constant)) < 0.03
    assert abs(np.median(curve)) < 0.03
    assert np.median(sixth) < -0.08
    assert rms(sixth) > 1.5 * max(rms(constant), rms(curve))


def test_the_rate_hardly_changes_with_height(soundings: list[Sounding]) -> None:
    exponents = [exponent_of(s.up) for s in soundings]
    assert abs(np.median(exponents)) < 0.05  # 1/6 with a constant drag coefficient


def test_the_descent_law_predicts_the_time_to_the_ground(soundings: list[Sounding]) -> None:
    law = [forecast(leg, fall_slowness(0.5))[1] for leg in descents(soundings)]
    assert -0.08 < np.median(law) < -0.03  # the upper half falls faster than the square root says
    assert np.median(np.abs(law)) < 0.08
    assert isinstance(PARACHUTE_EXPONENT.a, float)
    fitted = [forecast(leg, fall_slowness(PARACHUTE_EXPONENT.a))[1] for leg in descents(soundings)]
    assert abs(np.median(fitted)) < 0.01
    assert np.median(np.abs(fitted)) < 0.5 * np.median(np.abs(law))


def test_the_exponent_holds_on_flights_that_did_not_choose_it(soundings: list[Sounding]) -> None:
    legs = descents(soundings)
    grid = np.arange(0.45, 0.70, 0.01)
    errors = np.array([[forecast(leg, fall_slowness(n))[1] for n in grid] for leg in legs])
    left_out = []
    for i in range(len(legs)):
        others = np.abs(np.median(np.delete(errors, i, axis=0), axis=0))
        left_out.append(abs(errors[i, others.argmin()]))
    assert np.median(left_out) < 0.5 * np.median(np.abs(errors[:, 5]))  # column 5 is 0.50


def test_the_kernel_falls_as_fast_as_the_fit(soundings: list[Sounding]) -> None:
    leg = descents(soundings)[0]
    v0, _ = forecast(leg, fall_slowness(0.56))
    row = sounding(5.0, 30_000.0, v0, density_exponent=0.56).rows(1, 1)[1][0, 1]
    state = np.zeros(kernels.N_STATE)

    def slowness(z: np.ndarray) -> np.ndarray:
        density = atmosphere.density_kg_m3(z)
        fall = [
            kernels.vertical_rate_ms(kernels.DESCENT, row, state, 0, h, 1e4, 250, d, 0)
            for h, d in zip(z, density, strict=True)
        ]
        return -1.0 / np.array(fall)

    assert layer_s(leg, slowness) == pytest.approx(layer_s(leg, fall_slowness(0.56)) / v0, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "skip_s", "v0", "within"),
    [("halcyon_2023-10-13", 15.0, 4.39, 0.04), ("camoes_2023-10-14", 15.0, 24.3, 0.03)],
)
def test_descents_of_october_2023(shared_data: Path, name: str, skip_s: float, v0: float, within: float) -> None:
    """Halcyon under its parachute from 3.5 km, Camoes (27 m/s) from 3.0 km; above 50 m over the ground."""
    path = shared_data / "flights" / f"descent_{name}_altitude.csv"
    if not path.is_file():
        pytest.skip("no parachute descents in the shared data")
    t, z, _ = np.loadtxt(path, delimiter=",", skiprows=1).T
    top = int(z.argmax())
    flying = (t > t[top] + skip_s) & (np.arange(t.size) > top) & (z > 50.0)
    leg = Leg(t[flying], z[flying] + GROUND_M)
    speed, error = forecast(leg, fall_slowness(0.5))
    assert speed == pytest.approx(v0, rel=0.01)
    assert abs(error) < within


def document_rows() -> dict[str, list[str]]:
    rows = re.findall(r"^\| (\d\d-\d+-\d+(?:_\d)?) \|(.*)\|$", DOCUMENT.read_text(), flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def table_row(s: Sounding) -> list[str]:
    """Cells of the table in docs/method/flight.md."""
    cells = [f"{s.up.rate:.2f}", f"{exponent_of(s.up):+.2f}", f"{s.burst_m:.0f}"]
    if s.down is None:
        return [*cells, "-", "-", "-", "-", "-"]
    v0, error = forecast(s.down, fall_slowness(0.5))
    _, fitted = forecast(s.down, fall_slowness(PARACHUTE_EXPONENT.a))
    minutes = s.down.seconds / 60.0
    return [
        *cells,
        f"{v0:.2f}",
        f"{exponent_of(s.down):.2f}",
        f"{minutes:.1f}",
        f"{error * minutes:+.1f}",
        f"{fitted * minutes:+.1f}",
    ]


def test_the_table_in_the_documentation_is_what_comes_out(soundings: list[Sounding]) -> None:
    assert document_rows() == {s.name: table_row(s) for s in soundings}
