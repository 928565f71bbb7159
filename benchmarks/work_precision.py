"""Work-precision diagram: step and method against error and time, held against RK4 at 10 s in float64.

Writes docs/images/work-precision.svg, and prints the table that it draws.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import reference
import workload
from run import machine

from overflight.drift.settings import DEFAULT_STEP_S

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "overflight"  # the same picture for the same numbers
from matplotlib import pyplot as plt  # noqa: E402

HERE = Path(__file__).resolve().parent
STEPS_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, 5400.0)
TOLERANCES_M = (0.01, 0.1, 1.0, 10.0, 100.0)
METHODS = {"rk4": STEPS_S, "rk2": STEPS_S, "adaptive": TOLERANCES_M}
MEMBERS = 100_000
WIND_ERROR_M = 100_000.0
"""Where a day of ordinary wind error (1.2 m/s held, 100 km) puts a member; integration is to stay below 1 % of it."""


def one(folder: Path, method: str, effort: float) -> dict[str, float] | None:
    """Measure one point: ``effort`` is the step [s], or the tolerance of a step [m] for the adaptive method."""
    option, step_s = (f"{method}:{effort:g}", 600.0) if method == "adaptive" else (method, effort)
    answer = folder / "answer-work-precision.npz"
    answer.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "adapters" / "ours.py"), str(folder), str(answer), "--members", str(MEMBERS)]
    command += ["--step-s", str(step_s), "--rounds", "3", "--option", option]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{method} {effort:g}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    with np.load(answer) as found:
        n = workload.REFERENCE_MEMBERS
        lat, lon = reference.ends(folder, found["radius_m"][:n])
        error = reference.distance_m(lat, lon, found["lat"][:n], found["lon"][:n])
        seconds = float(found["seconds"].min()) / MEMBERS
    median, p90, p99 = np.quantile(error, [0.5, 0.9, 0.99])
    return {"effort": effort, "us_a_member_day": seconds * 1e6, "median": median, "p90": p90, "p99": p99}


def draw(curves: dict[str, list[dict[str, float]]], path: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", sharey=True)
    for (method, points), colour in zip(curves.items(), ("#0072b2", "#d55e00", "#009e73"), strict=False):
        effort, cost, median, p99 = ([p[k] for p in points] for k in ("effort", "us_a_member_day", "median", "p99"))
        if method != "adaptive":
            left.loglog(effort, median, "o-", color=colour, markersize=4, label=f"{method}, median")
            left.loglog(effort, p99, "o:", color=colour, markersize=4, label=f"{method}, 99 %")
        right.loglog(cost, p99, "o-", color=colour, markersize=4, label=f"{method}, 99 %")
    left.axvline(DEFAULT_STEP_S, color="0.5", linewidth=1, linestyle="--")
    left.annotate("default", (DEFAULT_STEP_S, 2000.0), (4, 0), textcoords="offset points", fontsize=8, color="0.4")
    for axes in (left, right):
        axes.axhline(0.01 * WIND_ERROR_M, color="0.5", linewidth=1)
        axes.grid(visible=True, which="both", alpha=0.2)
        axes.legend(fontsize=8)
    left.annotate("1 % of a day's wind error", (STEPS_S[0], 0.011 * WIND_ERROR_M), fontsize=8, color="0.4")
    left.set(xlabel="step [s]", ylabel="error after 24 h [m]")
    right.set(xlabel="one core's time for a member's day [µs]")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "overflight-bench")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "images" / "work-precision.svg")
    args = parser.parse_args()
    folder = workload.write(args.peers / "workload")
    curves: dict[str, list[dict[str, float]]] = {}
    print("| method | step [s] or tolerance [m] | µs a member and day | median [m] | 90 % [m] | 99 % [m] |")
    print("|---|---|---|---|---|---|")
    for method, efforts in METHODS.items():
        for effort in efforts:
            point = one(folder, method, effort)
            if point is None:
                break
            curves.setdefault(method, []).append(point)
            numbers = " | ".join(f"{v:.3g}" for v in point.values())
            print(f"| {method} | {numbers} |", flush=True)
    draw(curves, args.out)
    print(f"\n{args.out.name} written; {machine()}")


if __name__ == "__main__":
    main()
