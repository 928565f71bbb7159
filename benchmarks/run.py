"""Run our engine and every peer that installs on one workload, in one run, and say the ratios.

    python benchmarks/run.py [--peers DIR] [--only NAME ...] [--rounds N] [--readme]

Each engine runs as its own process on one pinned core, members as many as it can carry in its time; the rate is RK4
steps a second on that core, its least time of several rounds. Accuracy stands beside speed: the distance of the end
positions from a 10 s float64 reference on the same fields, once on the Earth that the engine itself uses (its
numerics), once on the sphere of R + altitude (what a user would see). Peers live under DIR, brought there when they
are missing (``environments.py``); one that does not install or run is named with its reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import environments  # noqa: E402
import reference  # noqa: E402
import workload  # noqa: E402
from environments import last_line  # noqa: E402

LIMIT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One adapter: which script, what brings its peer, how many members."""

    name: str
    script: str
    members: int
    recipe: environments.Recipe | None = None
    option: str = ""
    rounds: int | None = None


ENGINES = (
    Engine(name="overflight", script="ours.py", members=100_000),
    Engine(name="limit wide", script="limit.py", members=100_000, option="wide"),
    Engine(name="limit gather", script="limit.py", members=100_000, option="gather"),
    Engine(name="Parcels 3", script="parcels3.py", members=100_000, recipe=environments.PARCELS_3, rounds=2),
    Engine(name="Parcels 4", script="parcels4.py", members=5_000, recipe=environments.PARCELS_4, rounds=1),
    Engine(name="OpenDrift", script="opendrift.py", members=5_000, recipe=environments.OPENDRIFT, rounds=1),
    Engine(name="Tawhiri", script="tawhiri.py", members=1_000, recipe=environments.TAWHIRI, rounds=2),
    Engine(name="HYSPLIT", script="hysplit.py", members=5_000, rounds=1),
    Engine(name="scipy map_coordinates", script="scipy_map_coordinates.py", members=20_000, rounds=1),
    Engine(name="xarray interp", script="xarray_interp.py", members=10_000, rounds=1),
)

NOT_RUN = {
    "cusfpredict": "its package (0.1.0 to 0.3.0) holds five Python files that start a C program, `pred`, to be built "
    "from a source tree that is neither in its wheels nor in its source archives nor in Debian",
    "FLEXTRA": "installs (apt: flextra), but is compiled for at most 361 x 181 points, 1 degree; `tests/peers` runs it "
    "there. Debian's other program, flextra.gfs, reads no wind: a status overwrites the number of values",
    "FLEXPART": "installs (apt: flexpart), but moves particles with turbulence and vertical wind, not on pressure",
    "MPTRAC": "neither on PyPI nor in Debian",
    "OceanTracker, LADiM": "install (pip), but read ocean models' files on regional grids: longitudes do not close",
}


def python_of(engine: Engine, peers: Path) -> tuple[str | None, str]:
    """The interpreter of an engine, or None and the reason."""
    return (sys.executable, "") if engine.recipe is None else environments.environment(engine.recipe, peers)


def option_of(engine: Engine, peers: Path) -> tuple[str | None, str]:
    """The option of an adapter; HYSPLIT's is where its program lies."""
    if engine.name != "HYSPLIT":
        return engine.option, ""
    home, why = environments.hysplit(peers)
    return (str(home), "") if home else (None, why)


def measure(engine: Engine, python: str, folder: Path, args: argparse.Namespace) -> tuple[dict | None, str]:
    """Run one adapter and read its answer."""
    option, why = option_of(engine, args.peers)
    if option is None:
        return None, why
    answer = folder / f"answer-{engine.name.replace(' ', '-')}.npz"
    answer.unlink(missing_ok=True)
    command = [python, str(HERE / "adapters" / engine.script), str(folder), str(answer)]
    command += ["--members", str(engine.members), "--rounds", str(engine.rounds or args.rounds)]
    command += ["--core", str(args.core), "--option", option]
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "DASK")}
    env = {**os.environ, **one, "PYTHONWARNINGS": "ignore"}
    env.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, env=env)
    except subprocess.TimeoutExpired:
        return None, f"took more than {LIMIT_S} s"
    if done.returncode or not answer.exists():
        return None, f"did not run: {last_line(done.stderr)}"
    with np.load(answer) as found:
        return {name: found[name] for name in found.files}, ""


def judged(engine: Engine, found: dict, folder: Path) -> dict:
    """Speed and accuracy of one answer."""
    n = min(int(found["members"]), workload.REFERENCE_MEMBERS)
    lat, lon = found["lat"][:n], found["lon"][:n]
    own = reference.ends(folder, found["radius_m"][:n], flattening=float(found["flattening"]))
    with np.load(folder / "axes.npz") as axes:
        common_radius = workload.EARTH_RADIUS_M + axes["release_altitude_m"][:n]
    common = reference.ends(folder, common_radius)
    work = float(found["members"]) * float(found["steps"]) / 1e6
    row = {
        "engine": engine.name,
        "version": str(found["version"]),
        "members": int(found["members"]),
        "million_steps_per_s_core": work / float(found["seconds"].min()),
        "slowest_round": work / float(found["seconds"].max()),
        "lost_members": int(np.isnan(lat).sum()),
        "note": str(found["note"]),
    }
    if "kernel_seconds" in found:
        row["kernel_only"] = work / float(found["kernel_seconds"].min())
    for name, (a, b) in {"own_earth": own, "common_earth": common}.items():
        distance = reference.distance_m(lat, lon, a, b)
        row[f"median_m_{name}"], row[f"p90_m_{name}"] = (float(np.nanquantile(distance, q)) for q in (0.5, 0.9))
    row["ends"] = (lat, lon)
    return row


def between(rows: list[dict]) -> dict[str, dict[str, float]]:
    """Median distance of each engine's ends from each other's. [m]"""
    table: dict[str, dict[str, float]] = {}
    for a in rows:
        table[a["engine"]] = {}
        for b in rows:
            n = min(a["ends"][0].size, b["ends"][0].size)
            distance = reference.distance_m(*(w[:n] for w in (*a["ends"], *b["ends"])))
            table[a["engine"]][b["engine"]] = float(np.nanmedian(distance))
    return table


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next(x.split(":")[1].strip() for x in info.read_text().splitlines() if x.startswith("model name"))
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows: list[dict]) -> str:
    """Markdown: one line an engine, fastest first, ratio of ours to it."""
    ours = next((r["million_steps_per_s_core"] for r in rows if r["engine"] == "overflight"), float("nan"))
    head = (
        "| engine | version | members | million RK4 steps/s/core | ours is faster by "
        "| median (90 %) error, own Earth | on R + altitude | remarks |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for r in sorted(rows, key=lambda r: -r["million_steps_per_s_core"]):
        rate = figure(r["million_steps_per_s_core"])
        remarks = "; ".join(
            filter(
                None,
                [
                    r["note"],
                    f"without packing {figure(r['kernel_only'])}" if "kernel_only" in r else "",
                    f"{r['lost_members']} members lost" if r["lost_members"] else "",
                ],
            )
        )
        errors = (f"{figure(r['median_m_' + e])} ({figure(r['p90_m_' + e])}) m" for e in ("own_earth", "common_earth"))
        ratio = figure(ours / r["million_steps_per_s_core"])
        lines.append(
            f"| {r['engine']} | {r['version']} | {r['members']:,} | {rate} | {ratio} "
            f"| {' | '.join(errors)} | {remarks} |"
        )
    return "\n".join(lines)


def write_readme(text: str) -> None:
    """Put the results between the two marks of README.md."""
    path = HERE / "README.md"
    begin, end = "<!-- results begin -->", "<!-- results end -->"
    before, rest = path.read_text().split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=environments.DEFAULT)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--readme", action="store_true", help="write the results into benchmarks/README.md")
    args = parser.parse_args()
    args.peers.mkdir(parents=True, exist_ok=True)
    folder = workload.write(args.peers / "workload")
    rows, failed = [], dict(NOT_RUN)
    for engine in ENGINES:
        if args.only and engine.name not in args.only:
            continue
        python, why = python_of(engine, args.peers)
        found, why = measure(engine, python, folder, args) if python else (None, why)
        if found is None:
            failed[engine.name] = why
            print(f"{engine.name}: {why}", flush=True)
            continue
        rows.append(judged(engine, found, folder))
        r = rows[-1]
        print(
            f"{r['engine']} {r['version']}: {figure(r['million_steps_per_s_core'])} million steps/s/core, "
            f"median {figure(r['median_m_own_earth'])} m, {figure(r['median_m_common_earth'])} m on R + altitude",
            flush=True,
        )
    apart = between(rows)
    command = shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]])
    about = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. Command: `{command}`."
    missing = "\n".join(f"- {name}: {why}" for name, why in failed.items())
    text = f"{about}\n\n{table(rows)}\n\nNot run:\n\n{missing}"
    print(f"\n{text}")
    if args.readme:
        write_readme(text)
        kept = [{k: v for k, v in r.items() if k != "ends"} for r in rows]
        result = {"about": about, "engines": kept, "median_m_between": apart, "not_run": failed}
        (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
