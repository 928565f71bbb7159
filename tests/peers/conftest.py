"""Peers, each in an environment of its own outside the tree; where one cannot be had its tests are skipped.

``OVERFLIGHT_PEERS`` is the folder that keeps them (by default the one of the benchmarks), or ``none`` to do without.
"""

import os
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # recipes of the peers, their adapters, the analytic winds

import environments  # noqa: E402
import peer_winds  # noqa: E402

REAL = "gfs_20110110T12_f120_global_2p5deg.nc"


@pytest.fixture(scope="session")
def peers_folder() -> Path:
    place = os.environ.get("OVERFLIGHT_PEERS", str(environments.DEFAULT))
    if place == "none":
        pytest.skip("peers are not wanted: OVERFLIGHT_PEERS=none")
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def at_hand(name, found):
    home, why = found
    if home is None:
        pytest.skip(f"{name}: {why}")
    return home


@pytest.fixture(scope="session")
def tawhiri(peers_folder):
    return at_hand("Tawhiri", environments.environment(environments.TAWHIRI, peers_folder))


@pytest.fixture(scope="session")
def stonesoup(peers_folder):
    return at_hand("Stone Soup", environments.environment(environments.STONESOUP, peers_folder))


@pytest.fixture(scope="session")
def opendrift(peers_folder):
    return at_hand("OpenDrift", environments.environment(environments.OPENDRIFT, peers_folder))


@pytest.fixture(scope="session")
def parcels(peers_folder):
    return at_hand("Parcels 4", environments.environment(environments.PARCELS_4, peers_folder))


@pytest.fixture(scope="session")
def hysplit(peers_folder):
    return at_hand("HYSPLIT", environments.hysplit(peers_folder))


@pytest.fixture(scope="session")
def flextra(peers_folder):
    return at_hand("FLEXTRA", environments.flextra(peers_folder))


@pytest.fixture(scope="session", params=["analytic", "GFS"])
def winds(request):
    """The analytic winds, and where they are at hand those of a real forecast."""
    if request.param == "analytic":
        return peer_winds.analytic().assign_attrs(title="analytic")
    file = request.getfixturevalue("shared_data") / "winds" / REAL
    if not file.exists():
        pytest.skip(f"shared data without {REAL}")
    return peer_winds.real(file).assign_attrs(title="GFS")


@pytest.fixture(scope="session")
def members():
    return peer_winds.floats()


@pytest.fixture(scope="session")
def ours(winds, members):
    return peer_winds.ours(winds, members)


@pytest.fixture(scope="session")
def workload_folder(winds, members, tmp_path_factory):
    return peer_winds.as_workload(winds, members, tmp_path_factory.mktemp("winds") / "workload")
