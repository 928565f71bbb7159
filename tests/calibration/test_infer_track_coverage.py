"""Tracks fitted to sightings of balloons that the engine flew, each in its own wind error."""

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_pressure
from overflight.geo import atmosphere, sphere
from overflight.geo.times import to_datetime
from overflight.infer import track
from overflight.sightings import Altitude, Sighting
from overflight.winds import WindError

START = datetime(2023, 2, 1, tzinfo=UTC)
LEVELS_HPA = np.array([150.0, 100.0, 70.0, 50.0, 30.0, 20.0])
SIGHTING_SD_M = 3_000.0


def sheared_winds() -> xr.Dataset:
    """A jet that turns with height and meanders, on a regional grid."""
    time = np.datetime64("2023-02-01", "ns") + np.arange(0, 61, 6) * np.timedelta64(1, "h")
    lat, lon = np.arange(20.0, 71.0), np.arange(-160.0, -59.0)
    z = np.log(100.0 / LEVELS_HPA)[None, :, None, None]
    phase = np.radians(4.0 * lon)[None, None, None, :] + np.arange(time.size)[:, None, None, None] * 0.2
    wave = 6.0 * np.cos(np.radians(3.0 * lat))[None, None, :, None] * np.sin(phase)
    u = 12.0 - 8.0 * z + wave
    v = 3.0 + 5.0 * z + np.roll(wave, 7, axis=3)
    dims = ("time", "level", "lat", "lon")
    coords = {"time": time, "level": LEVELS_HPA, "lat": lat, "lon": lon}
    return xr.Dataset({"u": (dims, u.astype(np.float32)), "v": (dims, v.astype(np.float32))}, coords)


def sightings_of(truth: xr.Dataset, at: list[int], rng: np.random.Generator, *, altitude_sd_m: float) -> list:
    out = []
    for i in at:
        north, east = rng.normal(0.0, SIGHTING_SD_M, 2)
        course, distance = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
        lat, lon = sphere.move(truth.lat.values[i], truth.lon.values[i], course, distance)
        level = float(atmosphere.altitude_m(truth.pressure.values[i])) + rng.normal(0.0, altitude_sd_m)
        altitude = Altitude(value_m=level, sd_m=altitude_sd_m, reference="pressure")
        out.append(
            Sighting(
                object_label="",
                source="",
                note="",
                time=to_datetime(truth.time.values[i]),
                time_sd_s=0.0,
                lat=float(lat),
                lon=float(lon),
                position_sd_m=SIGHTING_SD_M,
                altitude=altitude,
                evidence_sha256="",
            )
        )
    return out


def is_inside(found, truth: xr.Dataset, level: float) -> bool:
    """Whether the truth lies in the ellipse of the samples that holds ``level`` of them."""
    middle = found.samples.isel(obs=int(np.argmin(np.abs(found.samples.time.values - truth.time.values))))
    lat, lon = (middle[n].values.astype(np.float64) for n in ("lat", "lon"))
    centre = sphere.mean_place(lat, lon)

    def flat(y, x):
        d, a = sphere.distance_m(*centre, y, x), np.radians(sphere.azimuth_deg(*centre, y, x))
        return np.stack([d * np.sin(a), d * np.cos(a)], axis=-1)

    points, true = flat(lat, lon), flat(truth.lat.values, truth.lon.values)
    inverse = np.linalg.inv(np.cov(points.T))
    return bool(true @ inverse @ true <= np.quantile(np.einsum("ai,ij,aj->a", points, inverse, points), level))


@pytest.mark.parametrize("altitude_sd_m", [150.0])
def test_the_90_percent_region_between_sightings_holds_the_truth(altitude_sd_m):
    cases = 50
    winds, rng = sheared_winds(), np.random.default_rng(7)
    truths = simulate(
        winds,
        float_at_pressure(6_000.0),
        Release(time=START, lat=45.0, lon=-140.0),
        hours=36,
        members=cases,
        seed=3,
        settings=Settings(wind_error=WindError(), threads=1, output_s=3600.0),
    )
    held = 0
    for case in range(cases):
        truth = truths.isel(trajectory=case)
        sightings = sightings_of(truth, [0, 6, 20, 24, 36], rng, altitude_sd_m=altitude_sd_m)
        found = track(sightings, winds, seed=case, members=200)
        held += is_inside(found, truth.isel(obs=13), 0.9)
    assert binom.ppf(0.001, cases, 0.9) <= held <= binom.ppf(0.999, cases, 0.9), f"{held} of {cases}"
