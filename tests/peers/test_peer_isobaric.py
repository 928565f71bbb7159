"""The same winds and the same floats through other engines: how far apart they end.

All engines move their members at the same angles a second: a peer with one radius gets winds scaled by that radius over
the mean radius plus the member's altitude. What is left is interpolation, integration and rounding. The figures of
``docs/method/drift.md`` are these; print them with ``pytest tests/peers -rP``.
"""

import subprocess
from pathlib import Path

import numpy as np
import peer_flextra
import peer_hysplit
import peer_winds
from environments import last_line
from peer_page import held_to_page
from peer_winds import HOURS

from overflight.geo import sphere

ADAPTERS = Path(__file__).parents[2] / "benchmarks" / "adapters"


def by_adapter(python, adapter, folder, members, option=""):
    """Places after each of the hours from an adapter of the benchmarks, run in the peer's environment."""
    places = {}
    for hour in HOURS:
        answer = folder / f"{adapter}-{hour}.npz"
        command = [
            python,
            str(ADAPTERS / f"{adapter}.py"),
            str(folder),
            str(answer),
            "--members",
            str(members.lat.size),
        ]
        command += ["--rounds", "0", "--hours", str(hour), "--option", option]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, last_line(done.stderr)
        with np.load(answer) as found:
            places[hour] = found["lat"], found["lon"]
    return places


def apart(peer, title, ours, theirs):
    """Distances by hour [m], as the documentation has them."""
    distance = {h: np.asarray(sphere.distance_m(*ours[h], *theirs[h])) for h in HOURS}
    held_to_page(peer, title, list(distance.values()), (0.5, 0.95, 1.0))
    return distance


def assert_close(distance):
    """The bars: a median under 1 km a day, all within 10 km after 48 h."""
    assert np.median(distance[24]) < 1_000.0
    assert np.median(distance[48]) < 2_000.0
    assert distance[48].max() < 10_000.0


def test_tawhiri(tawhiri, winds, workload_folder, ours, members):
    """Its sphere is ours, 6371009 m plus the geopotential height; its steps are of 60 s."""
    theirs = by_adapter(tawhiri, "tawhiri", workload_folder, members)
    assert_close(apart("Tawhiri", winds.title, ours, theirs))


def test_parcels(parcels, winds, workload_folder, ours, members):
    """Its positions are float32: 4 m a step, more after a day in strained flow."""
    theirs = by_adapter(parcels, "parcels4", workload_folder, members, option="altitude")
    assert_close(apart("Parcels 4", winds.title, ours, theirs))


def test_flextra(flextra, winds, ours, members, tmp_path):
    """Petterssen's scheme of order 2 with float32 positions, written to 11 m; beyond 75 degrees in a polar plane."""
    given = every_6_hours(winds) if winds.title == "GFS" else winds  # one field for all times: fewer say the same
    theirs = peer_flextra.run(flextra, given, members, tmp_path / "flextra")
    assert_close(apart("FLEXTRA 5", winds.title, ours, theirs))


def test_hysplit_without_shear(hysplit, winds, members, tmp_path):
    """One wind at all heights: what HYSPLIT does in the horizontal and in time."""
    level = every_6_hours(winds).copy(deep=True)
    for name in "uv":
        level[name][:] = level[name].sel(level=[50.0]).values
    given = peer_hysplit.packed(level)
    theirs = peer_hysplit.run(hysplit, given, members, tmp_path / "hysplit")
    assert_close(apart("HYSPLIT, wind of 50 hPa", winds.title, peer_winds.ours(given, members), theirs))


def test_hysplit_with_shear(hysplit, winds, members, tmp_path):
    """It sets members up to 15 m beside the level they float on; in shear of 10 m/s a km that is a wind of 0.15 m/s."""
    given = peer_hysplit.packed(every_6_hours(winds))
    theirs = peer_hysplit.run(hysplit, given, members, tmp_path / "hysplit")
    distance = apart("HYSPLIT", winds.title, peer_winds.ours(given, members), theirs)
    assert np.median(distance[24]) < 1_000.0
    assert np.quantile(distance[48], 0.95) < 10_000.0
    assert distance[48].max() < 0.15 * 48 * 3600.0


def every_6_hours(winds):
    return winds.isel(time=slice(None, None, 2))
