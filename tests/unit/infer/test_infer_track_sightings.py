"""Sightings of other kinds, outliers, unknown levels and times beyond the sightings."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from infer_winds import START, drifting, seen, uniform_winds

from overflight.case.track_file import to_geojson, write_track
from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.infer import Inputs, track
from overflight.infer.lines import elevation_of, horizon_m, range_of
from overflight.sightings.sighting import Bearing, Ellipse

WINDS = uniform_winds()
EIGHT = drifting(np.arange(0.0, 43.0, 6.0))


def sees(hours, lat, lon, true_lat, true_lon, *, sd=2.0, elevation=None):
    azimuth = float(sphere.azimuth_deg(lat, lon, true_lat, true_lon))
    bearing = Bearing(azimuth_deg=azimuth, azimuth_sd_deg=sd, elevation_deg=elevation, elevation_sd_deg=1.0)
    return replace(seen(hours, lat, lon), bearing=bearing)


def test_a_blunder_among_eight_moves_the_mean_by_less_than_a_tenth_and_weighs_little():
    bad = replace(EIGHT[4], lat=EIGHT[4].lat + 2.7)
    blundered = [*EIGHT[:4], bad, *EIGHT[5:]]
    without = track([*EIGHT[:4], *EIGHT[5:]], WINDS, seed=1)
    robust = track(blundered, WINDS, seed=1)
    trusting = track(blundered, WINDS, seed=1, inputs=Inputs(outlier_share=0.0))

    def moved(found):
        return sphere.distance_m(found.mean.lat, found.mean.lon, without.mean.lat, without.mean.lon).max()

    assert moved(robust) < 0.1 * moved(trusting)
    weights = [row["weight"] for row in robust.to_json()["per_sighting"]]
    assert weights[4] < 0.01
    assert min(weights[:4] + weights[5:]) > 0.9
    assert robust.per_sighting[4].outlier_probability > 0.99


def test_an_ellipse_is_held_tight_along_its_short_axis_only():
    wide = Ellipse(major_sd_m=60_000.0, minor_sd_m=2_000.0, azimuth_deg=0.0)
    found = track([replace(EIGHT[0], ellipse=wide)], WINDS, seed=1)
    assert np.sqrt(float(found.mean.cov_north[0])) == pytest.approx(60.0, rel=0.15)
    assert np.sqrt(float(found.mean.cov_east[0])) == pytest.approx(2.0, rel=0.15)


def test_time_errors_widen_along_the_motion_only():
    found = track(drifting((0.0, 24.0), u_ms=30.0, v_ms=0.0, sd_m=1e3, time_sd_s=3_600.0), uniform_winds(30.0, 0.0),
                  seed=1)  # fmt: skip
    assert float(found.mean.cov_east[0]) > 50.0 * float(found.mean.cov_north[0])


def test_a_window_is_an_error_of_its_third_moment_of_time():
    window, plain = (
        track([replace(s, **how) for s in drifting((0.0, 24.0), sd_m=1e3)], WINDS, seed=1)
        for how in ({"time_window_s": 7_200.0}, {"time_sd_s": 7_200.0 / np.sqrt(3.0)})
    )
    assert window.mean.sd_km.values[0] == pytest.approx(plain.mean.sd_km.values[0], rel=0.15)


def test_one_bearing_alone_says_direction_and_any_range_to_the_horizon():
    found = track([sees(0.0, 40.0, -100.0, 40.0, -97.0)], WINDS, seed=1)
    lat, lon = (found.samples[n].values[:, 0] for n in ("lat", "lon"))
    distance = sphere.distance_m(40.0, -100.0, lat, lon)
    off = (sphere.azimuth_deg(40.0, -100.0, lat, lon) - sphere.azimuth_deg(40.0, -100.0, 40.0, -97.0) + 180) % 360 - 180
    low, middle, high = np.quantile(distance, [0.05, 0.5, 0.95]) / float(horizon_m(17_500.0))
    assert low < 0.15
    assert middle == pytest.approx(0.5, abs=0.1)
    assert high > 0.85
    assert 0.8 < np.mean(np.abs(off) < 1.645 * 2.0) < 0.97


def test_bearings_of_two_observers_cross():
    true = (41.0, -99.0)
    pair = [sees(0.0, 40.0, -100.0, *true, sd=1.0), sees(0.0, 40.0, -98.0, *true, sd=1.0)]
    found = track(pair, WINDS, seed=1)
    assert sphere.distance_m(float(found.mean.lat[0]), float(found.mean.lon[0]), *true) < 3_000.0
    assert 1.0 < float(found.mean.sd_km[0]) < 6.0


def test_two_elevations_tell_the_level():
    true, height = (41.0, -99.0), 20_000.0
    pair = []
    for lon in (-100.0, -98.0):
        far = float(sphere.distance_m(40.5, lon, *true))
        pair.append(sees(0.0, 40.5, lon, *true, sd=0.5, elevation=float(np.degrees(elevation_of(far, height)))))
    found = track(pair, WINDS, seed=1)
    low, middle, high = found.level.altitude_m
    assert middle == pytest.approx(height, abs=1_500.0)
    assert high - low < 6_000.0


def test_range_and_elevation_are_inverse():
    ranges = np.array([2e3, 20e3, 200e3, 400e3])
    assert range_of(elevation_of(ranges, np.float64(18e3)), np.float64(18e3)) == pytest.approx(ranges, rel=1e-9)
    # science: 5 degrees from 18.3 km is 209 km on a flat Earth, less on a round one
    assert 150e3 < float(range_of(np.radians(5.0), np.float64(18_300.0))) < 209e3


def test_an_altitude_far_off_forces_no_history():
    heights = [16_000.0] * 8
    heights[3] = 24_000.0
    sightings = [s for h, z in zip(np.arange(0, 43, 6.0), heights, strict=True) for s in drifting((h,), altitude_m=z)]
    found = track(sightings, WINDS, seed=1)
    assert found.level.constant
    assert found.per_sighting[3].altitude_weight < 0.05
    assert found.mean.altitude_q95.values.max() < 17_500.0
    assert (found.mean.altitude_q05.values < found.mean.altitude_q50.values).all()


def test_an_unreported_change_of_level_is_seen_in_the_altitude():
    winds = uniform_winds(shear_ms_km=4.0, v_ms=0.0)
    here, sightings = -120.0, [seen(0.0, 40.0, -120.0)]
    for leg, speed in enumerate((10.0, 10.0, 10.0, 26.0, 26.0, 26.0)):
        here += speed * 10 * 3600.0 / 85_180.0
        sightings.append(seen(10.0 * (leg + 1), 40.0, here))
    found = track(sightings, winds, seed=1)
    early, late = found.mean.altitude_q50.values[[20, -20]]
    assert late - early == pytest.approx(4_000.0, abs=1_200.0)


def test_it_goes_on_beyond_the_sightings_with_the_wind():
    found = track(EIGHT, WINDS, seed=1, hours_before=12.0, hours_after=12.0)
    assert found.mean.time.values[-1] == np.datetime64("2023-02-03T06:00", "ns")
    expected = drifting((54.0,))[0]
    far = sphere.distance_m(float(found.mean.lat[-1]), float(found.mean.lon[-1]), expected.lat, expected.lon) / 1e3
    assert far < 2.0 * float(found.mean.sd_km[-1])
    assert float(found.mean.sd_km[-1]) > 3.0 * float(found.mean.sd_km[72])


def test_a_track_is_asked_at_any_time_within():
    found = track(EIGHT, WINDS, seed=1)
    at = found.at([START + timedelta(hours=5, minutes=3), START + timedelta(hours=30)])
    assert at.samples.sizes == {"trajectory": 400, "obs": 2}
    assert at.lat[1] == pytest.approx(EIGHT[5].lat, abs=0.05)
    assert np.linalg.eigvalsh(at.covariance_km2).min() > 0.0
    with pytest.raises(InvalidInput, match="hours_before"):
        found.at([START - timedelta(hours=1)])
    with pytest.raises(InvalidInput, match="hours after"):
        track(EIGHT, WINDS, seed=1, hours_after=-1.0)


def test_the_error_at_both_ends_is_learnt():
    slow = drifting(np.arange(0.0, 43.0, 6.0), u_ms=14.0, sd_m=500.0, altitude_m=16_180.0)
    found = track(slow, WINDS, seed=1)
    share = 0.25
    for state in (found.first, found.last):
        error = state.scale * (np.sqrt(share) * state.slow + np.sqrt(1.0 - share) * state.wave)
        assert error.shape == (400,)
        assert error.real.mean() > 0.8  # the air went 4 m/s faster than the winds of 2.5 m/s error say
    assert track(slow, None, seed=1).first is None


@pytest.mark.parametrize("suffix", [".geojson", ".csv", ".json", ".nc", ".kml", ".png", ".svg"])
def test_a_track_is_written(tmp_path, suffix):
    write_track(track(EIGHT, WINDS, seed=1, members=20), tmp_path / f"track{suffix}")
    assert (tmp_path / f"track{suffix}").stat().st_size > 500


def test_geojson_holds_line_regions_and_sightings():
    found = to_geojson(track(drifting((0.0, 12.0), lon=179.5), WINDS, seed=1, members=50))
    kinds = [f["properties"]["what"] for f in found["features"]]
    assert kinds[0] == "mean track"
    assert kinds.count("sighting") == 2
    assert {f["properties"].get("probability") for f in found["features"]} == {None, 0.5, 0.9}
    assert found["features"][0]["geometry"]["type"] == "MultiLineString"


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"bearing": Bearing(azimuth_deg=np.nan, azimuth_sd_deg=1.0)}, "bearing"),
        ({"bearing": Bearing(azimuth_deg=1.0, azimuth_sd_deg=1.0, elevation_deg=95.0)}, "elevation"),
        ({"ellipse": Ellipse(major_sd_m=-1.0, minor_sd_m=1.0, azimuth_deg=0.0)}, "sighting"),
    ],
)
def test_shapes_that_are_none_are_refused(bad, field):
    with pytest.raises(InvalidInput, match=field):
        track([replace(EIGHT[0], **bad)], WINDS, seed=1)


def test_inputs_out_of_range_are_refused():
    with pytest.raises(InvalidInput, match="outlier_share"):
        Inputs(outlier_share=0.9)
