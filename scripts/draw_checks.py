"""Draw the figures of docs/method/checks.md into docs/images and print the tables of that page.

    python scripts/draw_checks.py                       # everything
    python scripts/draw_checks.py soundings descents    # some of it
    python scripts/draw_checks.py --data FOLDER         # where the real winds and flights lie

What needs real winds and flights is left out, with a line that says so, where they are not at hand.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from checks import descents, numerics, page, sisters, soundings, wind_error


def draw_numerics(data: Path) -> None:
    print(page.table(["flow", "distance [km]", "largest miss [m]"], numerics.closed_form_rows()))
    found = numerics.convergence()
    for method in ("rk4", "rk2"):
        print(f"\n{method}: order {numerics.order(found[method]):.2f}; miss [m] at steps of {numerics.STEPS_H} h:")
        print("  ".join(f"{m:.3g}" for m in found[method]))
    print(
        f"\nadaptive: slope {numerics.tolerance_slope(found['adaptive']):.2f}; miss [m] at {numerics.TOLERANCES_M} m:"
    )
    print("  ".join(f"{m:.3g}" for m in found["adaptive"]))
    told(numerics.draw(found))
    need(data / "winds")
    print(page.table(["winds, held", "level", "median [m]", "99 % [m]", "largest [m]"], numerics.closure_rows(data)))
    high = numerics.high_closure_m(data)
    print(f"\nat 11 hPa, GFS 2011: {(high > 1000.0).sum()} of {high.size} over 1 km, the largest {high.max():.0f} m\n")
    for step in (600.0, 300.0, 60.0):
        miss = numerics.sounding_misses_m(data, step)
        print(f"soundings at {step:g} s: median {np.median(miss):.0f} m, largest {miss.max():.0f} m")


def draw_wind_error(_: Path) -> None:
    found, (shrunk, full) = wind_error.plain(), (wind_error.by_latitude(f) for f in (wind_error.SHRUNK, 1.0))
    header = ["s [m/s]", "T [h]", *(f"{h} h" for h in wind_error.HORIZONS_H)]
    print(page.table(header, wind_error.plain_rows(found)) + "\n")
    header = ["latitude", *(f"{h} h: {what}" for h in (24, 120) for what in ("closed form", "latitude held", "full"))]
    print(page.table(header, wind_error.latitude_rows(shrunk, full)))
    told(wind_error.draw(found, shrunk, full))


def draw_sisters(_: Path) -> None:
    found = {pair: sisters.carried(*pair) for pair in sisters.PAIRS}
    header = ["", "path [km]", *(f"{h} h [km]" for h in (2, 4, 8)), "end [km]", "time in the 90 % region"]
    print(page.table(header, sisters.rows(found)))
    told(sisters.draw(found))


def draw_descents(data: Path) -> None:
    need(data / descents.WINDS)
    found = descents.predictions(data)
    for name, (track, _) in found.items():
        print(f"{name}: from {track.t[0]:.0f} s and {track.altitude_m[0]:.0f} m, {track.seen_speed_ms:.2f} m/s seen")
    header = ["vehicle", "fall", "travelled [m]", "miss half-way [m]", "miss at the end [m]", "late [s]", "truth at"]
    print("\n" + page.table(header, descents.rows(found)))
    told(descents.draw(found))


def draw_soundings(data: Path) -> None:
    need(data / soundings.FOLDER)
    found = soundings.read_all(data)
    print(page.table(soundings.HEADER, [soundings.table_row(s) for s in found]))
    told(soundings.draw(found))


PARTS = {
    "numerics": draw_numerics,
    "wind-error": draw_wind_error,
    "sisters": draw_sisters,
    "descents": draw_descents,
    "soundings": draw_soundings,
}


def told(path: Path) -> None:
    print(f"\n{path.relative_to(page.ROOT)} written\n")


def need(folder: Path) -> None:
    if not folder.exists():
        raise FileNotFoundError(f"{folder.name}: not at hand; give the folder of real winds and flights by --data")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)}; all by default")
    shared = os.environ.get("OVERFLIGHT_SHARED_DATA", page.ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(shared))
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error(f"got {', '.join(sorted(unknown))}, expected {', '.join(PARTS)}")
    missing = 0
    for name in args.parts or PARTS:
        print(f"== {name}\n")
        try:
            PARTS[name](args.data)
        except FileNotFoundError as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            missing = 3
    return missing


if __name__ == "__main__":
    sys.exit(main())
