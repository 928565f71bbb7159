"""Work-precision diagram: step and method against error and time, held against RK4 at 10 s in float64.

Writes docs/method/work_precision.svg, and prints the table that it draws.
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

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "overflight"  # the same picture for the same numbers
from matplotlib import pyplot as plt  # noqa: E402

HERE = Path(__file__).resolve().parent
STEPS_S = (60, 120, 300, 600, 900, 1200, 1800, 3600, 5400, 7200)
METHODS = ("rk4", "rk2", "adaptive")
MEMBERS = 20_000
WIND_ERROR_M = 100_000.0
"""Where a day of ordinary wind error (1.2 m/s held, 100 km) puts a member; integration is to stay below 1 % of it."""


def one(folder: Path, method: str, step_s: float) -> dict[str, float] | None:
    answer = folder / "answer-work-precision.npz"
    answer.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "adapters" / "ours.py"), str(folder), str(answer), "--members", str(MEMBERS)]
    command += ["--step-s", str(step_s), "--rounds", "3", "--option", method]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{method} {step_s} s: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    with np.load(answer) as found:
        n = workload.REFERENCE_MEMBERS
        lat, lon = reference.ends(folder, found["radius_m"][:n])
        error = reference.distance_m(lat, lon, found["lat"][:n], found["lon"][:n])
        seconds = float(found["seconds"].min()) / MEMBERS
    median, p90, p99 = np.quantile(error, [0.5, 0.9, 0.99])
    return {"step_s": step_s, "us_a_member_day": seconds * 1e6, "median": median, "p90": p90, "p99": p99}


def draw(curves: dict[str, list[dict[str, float]]], path: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", sharey=True)
    for (method, points), colour in zip(curves.items(), ("C0", "C1", "C2"), strict=False):
        steps, cost, median, p99 = ([p[k] for p in points] for k in ("step_s", "us_a_member_day", "median", "p99"))
        left.loglog(steps, median, "o-", color=colour, label=f"{method}, median")
        left.loglog(steps, p99, "o:", color=colour, label=f"{method}, 99 %")
        right.loglog(cost, median, "o-", color=colour, label=method)
    for axes in (left, right):
        axes.axhline(0.01 * WIND_ERROR_M, color="0.5", linewidth=1)
        axes.grid(visible=True, which="both", alpha=0.2)
        axes.legend(fontsize=8)
    left.annotate("1 % of a day's wind error", (STEPS_S[0], 0.011 * WIND_ERROR_M), fontsize=8, color="0.4")
    left.set(xlabel="step [s]", ylabel="error after 24 h [m]")
    right.set(xlabel="time for a member's day, packing shared by all [µs]")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "overflight-bench")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "method" / "work_precision.svg")
    args = parser.parse_args()
    folder = workload.write(args.peers / "workload")
    curves: dict[str, list[dict[str, float]]] = {}
    print("| method | step [s] | µs a member and day | median [m] | 90 % [m] | 99 % [m] |\n|---|---|---|---|---|---|")
    for method in METHODS:
        for step_s in STEPS_S:
            point = one(folder, method, step_s)
            if point is None:
                break
            curves.setdefault(method, []).append(point)
            numbers = " | ".join(f"{v:.3g}" for v in point.values())
            print(f"| {method} | {numbers} |", flush=True)
    draw(curves, args.out)
    print(f"\n{args.out.name} written; {machine()}")


if __name__ == "__main__":
    main()
