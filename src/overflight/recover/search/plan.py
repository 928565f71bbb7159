"""A search plan in IAMSAR terms: probability of containment, coverage, probability of detection and of success.

References
----------
IAMSAR Manual, Volume II, chapters 4 and 5. Koopman (1957), doi 10.1287/opre.5.5.613.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.geo.density import Density
from overflight.recover.search.allocate import allocate, passes
from overflight.recover.search.cells import Cells, IsWater
from overflight.recover.search.detection import DETECTIONS, Detection, pod
from overflight.recover.search.effort import Effort
from overflight.recover.search.legs import Sweep, sweeps
from overflight.recover.search.plane import metres
from overflight.recover.search.sensors import SweepWidths
from overflight.recover.search.sorties import Leg, Sortie, divide, ordered
from overflight.recover.search.swept import Ground, seen, success_by_leg

F64 = NDArray[np.float64]
MOST_PASSES = 6
AHEAD, POINTS = 3.0, 61
"""The curve reaches to so many times the hours of the plan, in so many points."""
MOST_COVERAGE = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Probability of success against effort.

    Attributes
    ----------
    hours, best : float64 (61,). Searcher-hours, and what the best allocation of so much track reaches without detours.
    planned_hours, planned : float64 (legs + 1,). What the plan reaches after each of its legs.
    """

    hours: F64
    best: F64
    planned_hours: F64
    planned: F64


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A search plan.

    Attributes
    ----------
    cells : Cells
    effort : Effort
    detection : {"random", "regular"}
    terrain : str (n,). Of each cell.
    sweep_width_m, coverage, pod : float64 (n,). Of each cell. [m, 1, 1]
    sources : dict. By terrain, where the sweep width comes from.
    sorties : tuple of Sortie. In order.
    success : float. Probability of success of the sorties.
    best : float. What the best allocation of as much track reaches, were any track possible.
    beyond : float. Probability in cells that lie beyond reach of the base.
    curve : Curve
    """

    cells: Cells
    effort: Effort
    detection: Detection
    terrain: NDArray[np.str_]
    sweep_width_m: F64
    coverage: F64
    pod: F64
    sources: dict[str, str]
    sorties: tuple[Sortie, ...]
    success: float
    best: float
    beyond: float
    curve: Curve

    @property
    def density(self) -> Density:
        """Return where it is thought to be."""
        return self.cells.density

    @property
    def swept(self) -> NDArray[np.bool_]:
        """Return the cells (n,) that are searched: at least a hundredth of a coverage."""
        return np.asarray(self.coverage >= 0.01)

    @property
    def containment(self) -> float:
        """Return the probability of containment: that it lies in the cells that are searched."""
        return float(self.density.probability[self.swept].sum())

    @property
    def area_m2(self) -> float:
        """Return the area of the cells that are searched. [m2]"""
        return float(self.density.cell_area_m2[self.swept].sum())

    @property
    def track_m(self) -> float:
        """Return the length of all legs. [m]"""
        return sum(sortie.search_m for sortie in self.sorties)

    @property
    def hours(self) -> float:
        """Return the time of all sorties. [h]"""
        return sum(sortie.hours for sortie in self.sorties)

    def __str__(self) -> str:
        """Return the sentences."""
        legs = sum(len(sortie.legs) for sortie in self.sorties)
        many = f"{len(self.sorties)} sorties" if len(self.sorties) > 1 else "1 sortie"
        text = (
            f"The search has a chance of {100 * self.success:.1f} % to find it: {100 * self.containment:.1f} % lies in "
            f"{self.area_m2 / 1e6:,.1f} km2 that are searched. {many}, {legs} legs, {self.track_m / 1000:,.1f} km of "
            f"them, {self.hours:.1f} h. The best that so much track could reach: {100 * self.best:.1f} %."
        )
        if self.beyond >= 0.0005:
            text += f" {100 * self.beyond:.1f} % lies beyond reach of the base."
        return text

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain data, without its cells and legs."""
        lanes = [leg for sortie in self.sorties for leg in sortie.legs]
        return {
            "probability_of_success": self.success,
            "probability_of_success_best": self.best,
            "probability_of_containment": self.containment,
            "probability_elsewhere": self.density.elsewhere,
            "probability_beyond_reach": self.beyond,
            "searched_km2": self.area_m2 / 1e6,
            "track_km": self.track_m / 1000.0,
            "hours": self.hours,
            "detection": self.detection,
            "spacing_m": sorted({round(leg.spacing_m, 3) for leg in lanes}),
            "sweep_width_m": {t: float(self.sweep_width_m[self.terrain == t][0]) for t in np.unique(self.terrain)},
            "sweep_width_sources": {str(t): self.sources[str(t)] for t in np.unique(self.terrain)},
            "sorties": [
                {
                    "sortie": number,
                    "searcher": sortie.searcher,
                    "legs": len(sortie.legs),
                    "legs_km": sortie.search_m / 1000.0,
                    "between_legs_km": sortie.turning_m / 1000.0,
                    "transit_km": sortie.transit_m / 1000.0,
                    "hours": sortie.hours,
                }
                for number, sortie in enumerate(self.sorties, start=1)
            ],
            "curve": {
                "hours": self.curve.hours,
                "best": self.curve.best,
                "planned_hours": self.curve.planned_hours,
                "planned": self.curve.planned,
            },
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What does not change while routes are tried."""

    density: Density
    outlines: list[F64]
    ground: Ground
    spacing_m: F64
    effort: Effort
    detection: Detection

    def fly(self, ranked: NDArray[np.intp]) -> tuple[list[Sortie], bool]:
        """Return the sorties over the passes that were chosen, and whether all of them are flown."""
        laid: list[Sweep] = []
        for number in range(int(ranked[:, 1].max()) + 1):
            chosen = ranked[ranked[:, 1] == number, 0]
            for spacing in np.unique(self.spacing_m[chosen]):
                alike = chosen[self.spacing_m[chosen] == spacing]
                laid += sweeps([self.outlines[i] for i in alike], float(spacing), number)
        return divide(ordered(laid, self.effort.base), self.effort)

    def success(self, sorties: Sequence[Sortie]) -> float:
        """Return the probability of success of sorties."""
        coverage = self.ground.coverage(_legs(sorties))
        return float(self.density.probability @ seen(coverage, self.detection))


def _legs(sorties: Sequence[Sortie]) -> list[Leg]:
    return [leg for sortie in sorties for leg in sortie.legs]


def plan(
    cells: Cells,
    widths: SweepWidths,
    effort: Effort,
    *,
    coverage: float = 1.0,
    detection: Detection = "random",
    land: str = "open",
    is_water: IsWater | None = None,
) -> Plan:
    """Plan a search.

    Parameters
    ----------
    coverage : float. Of one pass over a cell: its legs stand a sweep width / coverage apart.
    detection : how detection rises with coverage, see ``pod``.
    land : terrain of land where the file of cells does not say.
    is_water : says which places are water where the file does not, see ``Cells.ground``.

    Notes
    -----
    Passes over cells are ranked by what they add to the probability of success for their track; as many of them are
    taken as the sorties can fly, with the way out, from leg to leg, and back.

    Raises
    ------
    InvalidInput
        No cell lies within reach of the base, or a sweep width is not known.
    """
    if not 0.0 < coverage <= MOST_COVERAGE:
        raise InvalidInput("coverage", f"{coverage:g}", f"more than 0, at most {MOST_COVERAGE:g}")
    if detection not in DETECTIONS:
        raise InvalidInput("detection", repr(detection), f"one of {', '.join(DETECTIONS)}")
    density, terrain = cells.density, cells.ground(land, is_water)
    width = widths.of(terrain)
    near = within_reach(density, effort)
    task = _Task(density, density.outlines(), Ground(density, width, near), width / coverage, effort, detection)
    sorties = _flown(task, near, float(pod(coverage, detection)))
    found = task.ground.coverage(_legs(sorties))
    chance = seen(found, detection)
    return Plan(
        cells=cells,
        effort=effort,
        detection=detection,
        terrain=terrain,
        sweep_width_m=width,
        coverage=found.sum(axis=0),
        pod=chance,
        sources=widths.source,
        sorties=tuple(sorties),
        success=float(density.probability @ chance),
        best=_best(density, width, sum(sortie.search_m for sortie in sorties), detection),
        beyond=float(density.probability[~near].sum()),
        curve=_curve(task, width, sorties),
    )


def within_reach(density: Density, effort: Effort) -> NDArray[np.bool_]:
    """Return the cells (n,) whose centre a sortie reaches from base and comes back from.

    Raises
    ------
    InvalidInput
        There is none with probability.
    """
    centres = density.centres()
    away = sphere.distance_m(*effort.base, centres[:, 0], centres[:, 1])
    near = away < effort.reach_m
    if not np.any(near & (density.probability > 0.0)):
        raise _too_far(float(away[density.probability > 0.0].min()), effort)
    return np.asarray(near)


def _too_far(away_m: float, effort: Effort) -> InvalidInput:
    speed = effort.transit * 3.6
    return InvalidInput(
        "base",
        f"{away_m / 1000:,.1f} km to the nearest cell",
        f"less than {effort.reach_m / 1000:,.1f} km, half of {effort.longest_h:g} h at {speed:g} km/h, with time left",
        hint="take another base, or a longer endurance",
    )


def _flown(task: _Task, near: NDArray[np.bool_], one_pass: float) -> list[Sortie]:
    """Return the sorties with the largest success among those over the first so many passes."""
    density, effort = task.density, task.effort
    at = np.flatnonzero(near & (density.probability > 0.0))
    cost = density.cell_area_m2[at] / task.spacing_m[at]
    ranked = passes(density.probability[at], np.full(at.size, one_pass), cost, MOST_PASSES)
    spent = np.cumsum(cost[ranked[:, 0]])
    ranked[:, 0] = at[ranked[:, 0]]
    most = effort.hours * effort.searchers * 3600.0 * effort.speed_ms * effort.on_legs
    low, high = 0, min(len(ranked), int(np.searchsorted(spent, most)) + 1)
    best: tuple[float, list[Sortie]] = (0.0, [])
    trial = high
    while high - low > 0:
        sorties, is_whole = task.fly(ranked[:trial])
        success = task.success(sorties)
        if sorties and success > best[0]:
            best = success, sorties
        low, high = (trial, high) if is_whole else (low, trial - 1)
        trial = (low + high + 1) // 2
    if not best[1]:
        centres = density.centres()[at]
        raise _too_far(float(sphere.distance_m(*effort.base, centres[:, 0], centres[:, 1]).min()), effort)
    return best[1]


def _best(density: Density, width: F64, track_m: float, detection: Detection) -> float:
    return allocate(density.probability, density.cell_area_m2, width, track_m, detection).success


def _curve(task: _Task, width: F64, sorties: Sequence[Sortie]) -> Curve:
    legs = _legs(sorties)
    planned = success_by_leg(task.ground, legs, task.density.probability, task.detection)
    hours = np.linspace(0.0, AHEAD * sum(s.hours for s in sorties), POINTS)
    track = sum(s.search_m for s in sorties) / sum(s.hours for s in sorties)
    best = np.array([_best(task.density, width, float(h * track), task.detection) for h in hours])
    return Curve(hours, best, np.append(0.0, _times(sorties)), np.append(0.0, planned))


def _times(sorties: Sequence[Sortie]) -> F64:
    """Return the searcher-hours after each leg; the way home belongs to the last of a sortie."""
    after, done = [], 0.0
    for sortie in sorties:
        effort, here, spent = sortie.effort, sortie.base, 0.0
        pace = 3600.0 * effort.speed_ms * effort.on_legs
        for leg in sortie.legs:
            way = metres(here, leg.start)
            spent += (way / (3600.0 * effort.transit) if here == sortie.base else way / pace) + leg.length_m / pace
            here = leg.end
            after.append(done + spent)
        done += sortie.hours
        after[-1] = done
    return np.array(after)
