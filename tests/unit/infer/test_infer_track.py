import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from infer_winds import drifting, seen, uniform_winds

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.infer import Inputs, track
from overflight.infer.observed import MAX_SIGHTINGS

HOURS = (0.0, 7.0, 20.0, 30.0)


def far_from(found, sightings):
    at = [
        np.argmin(np.abs(found.mean.time.values - np.datetime64(s.time.replace(tzinfo=None), "ns"))) for s in sightings
    ]
    lat, lon = found.mean.lat.values[at], found.mean.lon.values[at]
    return sphere.distance_m(lat, lon, [s.lat for s in sightings], [s.lon for s in sightings]) / 1e3


@pytest.mark.parametrize(("lat", "lon"), [(40.0, -120.0), (-30.0, 178.0), (0.0, -179.0), (88.5, 20.0)])
def test_a_track_in_the_wind_passes_its_sightings(lat, lon):
    sightings = drifting(HOURS, lat=lat, lon=lon, v_ms=0.0) if lat < 80 else [seen(h, lat, lon) for h in HOURS]
    winds = uniform_winds(u_ms=10.0 if lat < 80 else 0.0, v_ms=0.0)
    found = track(sightings, winds, seed=1, members=100)
    assert far_from(found, sightings).max() < 10.0
    assert np.isfinite(found.samples.lat.values).all()
    assert (np.abs(found.samples.lon.values) <= 180.0).all()


def test_samples_are_cf_trajectories_on_ten_minutes():
    found = track(drifting(HOURS), uniform_winds(), seed=1, members=50)
    ds = found.samples
    assert ds.lat.dims == ("trajectory", "obs")
    assert ds.lat.attrs["standard_name"] == "latitude"
    assert ds.trajectory.attrs["cf_role"] == "trajectory_id"
    assert ds.attrs["featureType"] == "trajectory"
    assert set(ds.attrs["inputs"]) == {"ab" * 32, "cd" * 32}
    assert set(np.diff(ds.time.values)) == {np.timedelta64(10, "m")}
    assert (ds.status.values == 0).all()


def test_the_same_seed_gives_the_same_track_in_any_order_of_sightings():
    sightings, winds = drifting(HOURS), uniform_winds()
    first = track(sightings, winds, seed=5, members=60)
    again = track(sightings[::-1], winds, seed=5, members=60)
    assert first.samples.equals(again.samples)
    other = track(sightings, winds, seed=6, members=60)
    assert not first.samples.equals(other.samples)


def test_uncertainty_is_small_at_sightings_and_grows_between():
    found = track(drifting((0.0, 24.0), sd_m=2_000.0, altitude_m=16_180.0), uniform_winds(), seed=2)
    sd = found.mean.sd_km.values
    assert sd[0] == pytest.approx(2.0, rel=0.5)
    assert sd[sd.size // 2] > 3.0 * sd[0]


def test_the_level_is_found_from_the_speed():
    # 10 m/s at 100 hPa (16.2 km), 4 m/s more a km: a speed of 18 m/s is flown near 2 km above.
    winds = uniform_winds(shear_ms_km=4.0, v_ms=0.0)
    found = track(drifting(np.arange(0, 49, 8.0), u_ms=18.0, v_ms=0.0), winds, seed=3)
    low, middle, high = found.level.altitude_m
    assert low < 18_100.0 < high
    assert middle == pytest.approx(18_100.0, abs=700.0)
    assert found.level.pressure_pa[0] > found.level.pressure_pa[2]


def test_one_sighting_far_off_is_doubted_and_hardly_moves_the_track():
    good = drifting((0.0, 6.0, 12.0, 18.0, 24.0), altitude_m=16_180.0)
    bad = seen(15.0, 45.5, -114.0, altitude_m=16_180.0)
    with_bad, without = (track(s, uniform_winds(), seed=4) for s in ([*good, bad], good))
    doubts = [row.outlier_probability for row in with_bad.per_sighting]
    assert doubts[3] > 0.95
    assert with_bad.per_sighting[3].weight < 0.1
    assert max(doubts[:3] + doubts[4:]) < 0.3
    moved = sphere.distance_m(with_bad.mean.lat, with_bad.mean.lon, without.mean.lat, without.mean.lon).max()
    assert moved / 1e3 < float(without.mean.sd_km.max())
    assert "1 of them doubtful" in str(with_bad)


def test_reported_altitudes_that_change_are_followed():
    sightings = [seen(h, 40.0, -120.0 + 0.4 * h, altitude_m=z) for h, z in ((0, 12e3), (10, 16e3), (20, 13e3))]
    found = track(sightings, uniform_winds(), seed=1, members=200)
    assert not found.level.constant
    assert found.mean.altitude.values[[0, found.mean.sizes["time"] // 2, -1]] == pytest.approx(
        [12e3, 16e3, 13e3], abs=400.0
    )


def test_without_winds_the_track_is_kinematic():
    found = track(drifting(HOURS), None, seed=1, members=100)
    assert found.kind == "kinematic"
    assert "without winds" in str(found)
    assert far_from(found, drifting(HOURS)).max() < 10.0


def test_a_single_sighting_is_a_track_of_one_instant():
    found = track([seen(0.0, 40.0, -100.0, sd_m=10_000.0)], uniform_winds(), seed=1)
    assert found.samples.sizes["obs"] == 1
    assert float(found.mean.sd_km[0]) == pytest.approx(10.0, rel=0.5)


def test_uncertain_times_widen_the_track_with_the_wind():
    winds = uniform_winds(u_ms=30.0)
    narrow, wide = (track(drifting((0.0, 24.0), time_sd_s=s), winds, seed=1) for s in (0.0, 7_200.0))
    assert float(wide.mean.sd_km[0]) > 5.0 * float(narrow.mean.sd_km[0])


def test_many_sightings_are_thinned_and_told(caplog):
    sightings = drifting(np.linspace(0.0, 24.0, MAX_SIGHTINGS + 30))
    found = track(sightings, uniform_winds(), seed=1, members=20)
    assert len(found.per_sighting) <= MAX_SIGHTINGS
    assert found.sightings_given == MAX_SIGHTINGS + 30
    assert "thinned" in caplog.text
    assert f"of {MAX_SIGHTINGS + 30} sightings" in str(found)


def test_a_track_is_plain_data():
    found = track(drifting(HOURS), uniform_winds(), seed=1, members=20)
    data = json.loads(json.dumps(found.to_json()))
    assert data["kind"] == "winds"
    assert len(data["per_sighting"]) == 4
    assert data["mean"][0]["time"] == "2023-02-01T00:00:00Z"


def test_winds_that_do_not_reach_are_refused():
    with pytest.raises(OutOfCoverage):
        track(drifting((0.0, 200.0)), uniform_winds(), seed=1)
    with pytest.raises(OutOfCoverage):
        track(drifting(HOURS), uniform_winds(area=(0, 0, 30, 60)), seed=1)
    with pytest.raises(OutOfCoverage, match="levels"):
        track(drifting(HOURS, altitude_m=40_000.0), uniform_winds(), seed=1)


def test_missing_winds_are_refused():
    winds = uniform_winds()
    winds["u"] = winds["u"] * np.float32(np.nan)
    with pytest.raises(OutOfCoverage, match="missing"):
        track(drifting(HOURS), winds, seed=1)


@pytest.mark.parametrize(
    ("kwargs", "field"),
    [
        ({"members": 1}, "members"),
        ({"seed": -1}, "seed"),
        ({"inputs": Inputs(level_range_m=(9e3, 8e3))}, "level range"),
    ],
)
def test_bad_numbers_are_refused(kwargs, field):
    with pytest.raises(InvalidInput, match=field):
        track(drifting(HOURS), uniform_winds(), **{"seed": 1, **kwargs})


def test_no_sighting_is_refused():
    with pytest.raises(InvalidInput, match="sightings"):
        track([], uniform_winds(), seed=1)


def test_an_ensemble_of_winds_is_refused():
    with pytest.raises(InvalidInput, match="an ensemble"):
        track(drifting(HOURS), uniform_winds().expand_dims("member"), seed=1)


@pytest.mark.parametrize(
    "bad", [{"lat": np.nan}, {"lat": 95.0}, {"lon": np.inf}, {"position_sd_m": -1.0}, {"time_sd_s": np.nan}]
)
def test_sightings_that_are_no_numbers_are_refused(bad):
    with pytest.raises(InvalidInput, match="sighting"):
        track([replace(seen(0.0, 40.0, -100.0), **bad), *drifting(HOURS)], uniform_winds(), seed=1)


def test_samples_are_written_and_read_back(tmp_path):
    found = track(drifting(HOURS), None, seed=1, members=10)
    found.samples.to_netcdf(tmp_path / "track.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "track.nc", engine="h5netcdf") as back:
        assert np.array_equal(back.lat.values, found.samples.lat.values)
        assert np.array_equal(back.time.values, found.samples.time.values)
