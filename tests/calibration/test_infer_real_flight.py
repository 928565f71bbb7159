"""A real balloon in the wind that its sister measured: SHAB12V thinned, in the drift of SHAB14V, 22 August 2022."""

import csv
from datetime import UTC, datetime

import numpy as np
import pytest

from overflight.geo import sphere
from overflight.infer import drift_test, track
from overflight.sightings import Altitude, Sighting
from overflight.winds import open_winds


def fixes(path, *, after):
    with path.open() as stream:
        rows = {r["time"]: r for r in csv.DictReader(stream)}
    out = []
    for text, row in sorted(rows.items()):
        time = datetime.fromisoformat(text).replace(tzinfo=UTC)
        altitude = Altitude(value_m=float(row["altitude"]), sd_m=100.0, reference="geometric")
        out.append(
            Sighting(
                object_label="",
                source="",
                note="",
                time=time,
                time_sd_s=30.0,
                lat=float(row["lat"]),
                lon=float(row["lng"]),
                position_sd_m=500.0,
                altitude=altitude,
                evidence_sha256="",
            )
        )
    return [f for f in out if f.time >= after]


@pytest.fixture(scope="module")
def case(shared_data):
    flights = shared_data / "flights"
    whole = fixes(flights / "shab" / "SHAB12V-APRS.csv", after=datetime(2022, 8, 22, 14, tzinfo=UTC))
    return whole, open_winds(flights / "shab14v_2022-08-22_aprs.csv")


def thinned(whole, count):
    return [whole[i] for i in np.linspace(0, len(whole) - 1, count).round().astype(int)]


def withheld_against(found, whole):
    """Distance of every fix from the mean track [km], and whether it lies in the 90 % ellipse of the samples."""
    start = found.samples.time.values[0]
    grid = (found.samples.time.values - start) / np.timedelta64(1, "s")
    at = [(np.datetime64(f.time.replace(tzinfo=None), "ns") - start) / np.timedelta64(1, "s") for f in whole]
    lat, lon = (np.stack([np.interp(at, grid, row) for row in found.samples[n].values]) for n in ("lat", "lon"))
    mean = np.stack([np.interp(at, grid, found.mean[n]) for n in ("lat", "lon")])
    true = np.array([[f.lat, f.lon] for f in whole]).T
    far = sphere.distance_m(*mean, *true) / 1e3
    scale = np.stack([np.ones(len(at)), np.cos(np.radians(mean[0]))])
    inside = []
    for i in range(len(at)):
        points = (np.stack([lat[:, i], lon[:, i]]) - mean[:, i, None]) * scale[:, i, None]
        inverse = np.linalg.inv(np.cov(points))
        off = (true[:, i] - mean[:, i]) * scale[:, i]
        inside.append(off @ inverse @ off <= np.quantile(np.einsum("ia,ij,ja->a", points, inverse, points), 0.9))
    return far, np.array(inside)


def test_six_fixes_tell_of_the_rest(case):
    whole, winds = case
    far, inside = withheld_against(track(thinned(whole, 6), winds, seed=1), whole)
    # Measured: median 6 km of a path of 306 km, 89 % inside; fixes of one flight are far from independent.
    assert np.median(far) < 10.0
    assert far.max() < 30.0
    assert 0.75 < inside.mean() <= 1.0


def test_a_known_drifter_is_not_called_powered(case):
    whole, winds = case
    for count in (6, 9, 15):
        assert drift_test(thinned(whole, count), winds, seed=1).verdict in (
            "not enough data",
            "consistent with drift only if the level changed",
        )
