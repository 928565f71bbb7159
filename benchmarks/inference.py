"""Time a track fit and a drift test on a drawn case of the study.

    python benchmarks/inference.py

Winds and flights are synthetic (see ``validation``); the case has 6 sightings over 48 h at middle latitudes. Medians of
so many repeats, after one that compiles.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from validation.field import field
from validation.seen import reports, see
from validation.strata import stratum
from validation.truth import draw

from overflight import infer

CASE, REPEATS = "middle-20km-48h-6-table-reported", 9


def main() -> None:
    asked = stratum(CASE)
    given = field(asked.product)
    truth = draw(asked, given, "passive", seed=1, first=0, count=1)
    sightings = reports(truth, see(truth, asked, seed=1, first=0), asked, 0)
    calls: dict[str, Callable[[], object]] = {
        "track, 400 paths": lambda: infer.track(sightings, given.winds, seed=1),
        "both p-values": lambda: infer.drift_p_values(sightings, given.winds, seed=1),
        "p-values, power at 5 m/s, verdict": lambda: infer.drift_test(sightings, given.winds, seed=1, detail=False),
        "drift test with all beside it": lambda: infer.drift_test(sightings, given.winds, seed=1),
    }
    for name, call in calls.items():
        print(f"{name}: {1000 * median(call):.0f} ms")
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")


def median(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
