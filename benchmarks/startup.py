"""How long ``overflight --help`` takes, by many runs, and how many modules it loads."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from run import machine

BAR_S = 0.3
HEAVY = ("numba", "xarray", "pandas", "scipy", "matplotlib", "numpy")


def once(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    command = [str(Path(sys.executable).with_name("overflight")), "--help"]
    bare = [sys.executable, "-c", "pass"]
    once(command)
    seconds, floor = [], []
    for _ in range(runs):  # in turn, so that a busy moment falls on both
        seconds.append(once(command))
        floor.append(once(bare))
    seconds.sort()
    listed = [sys.executable, "-X", "importtime", *command]
    loaded = subprocess.run(listed, check=True, capture_output=True, text=True).stderr.splitlines()
    names = {line.rsplit("|", 1)[-1].strip() for line in loaded}
    print(f"overflight --help: least {seconds[0]:.3f} s, median {seconds[runs // 2]:.3f} s, most {seconds[-1]:.3f} s")
    print(f"bare interpreter: median {sorted(floor)[runs // 2]:.3f} s; bar {BAR_S} s")
    print(f"modules: {len(names)}; heavy ones among them: {', '.join(n for n in HEAVY if n in names) or 'none'}")
    print(machine())


if __name__ == "__main__":
    main()
