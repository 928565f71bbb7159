"""Score ``overflight identify`` on simulated skies, the figures of docs/method/identify.md.

    python scripts/identify_skies.py gfs_one.nc gfs_two.nc --skies 12 --seed 3000

The files are global winds of one time each; they are taken in turn and held steady. Some 15 s of processor time a sky.
"""

import argparse

from overflight.infer.sky import Rules, simulate_skies
from overflight.infer.sky_scores import scores
from overflight.infer.stations import read_stations
from overflight.winds import open_winds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("winds", nargs="+")
    parser.add_argument("--skies", type=int, default=12)
    parser.add_argument("--seed", type=int, default=3000)
    parser.add_argument("--cases", type=int, default=4)
    asked = parser.parse_args()
    winds = [open_winds(path) for path in asked.winds]
    cases = simulate_skies(winds, read_stations(), skies=asked.skies, seed=asked.seed, rules=Rules(cases=asked.cases))
    print(scores(cases))


if __name__ == "__main__":
    main()
