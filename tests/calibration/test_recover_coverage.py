"""Regions of the landing hold simulated truths as often as they say."""

from datetime import UTC, datetime

import numpy as np
import xarray as xr
from scipy.stats import binom

from overflight.recover import Event, land, objects_of
from overflight.winds import canonical

CASES, MEMBERS = 250, 400
AT = np.datetime64("2023-02-04T19:00", "ns")


def jet() -> xr.Dataset:
    level = np.array([1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10], float)
    lat, lon = np.arange(34.0, 46.1), np.arange(-56.0, -37.9)
    time = AT + np.arange(0, 25, 6) * np.timedelta64(1, "h")
    shape, dims = (time.size, level.size, lat.size, lon.size), ("time", "level", "lat", "lon")
    u = np.broadcast_to((5.0 + 25.0 * np.exp(-(np.log(level / 250.0) ** 2)))[None, :, None, None], shape)
    fields = {"u": (dims, u), "v": (dims, 0.2 * u)}
    return canonical(xr.Dataset(fields, {"time": time, "level": level, "lat": lat, "lon": lon}), name="jet")


def test_regions_hold_what_they_say():
    """Truths are draws of the same model under another seed: their share is binomial."""
    place = {"lat": 40.0, "lon": -50.0, "altitude": 18_000.0}
    fields = {n: (("trajectory", "obs"), np.full((1, 2), v)) for n, v in place.items()}
    track = xr.Dataset(fields, {"time": ("obs", AT + np.array([0, 4]) * np.timedelta64(1, "h"))})
    event = Event(kind="burst", time=datetime(2023, 2, 4, 20, tzinfo=UTC), time_sd_s=120.0)
    winds, objects = jet(), objects_of("parachute")
    truth = land(winds, event, track, objects, members=CASES, seed=99).classes[0]
    found = land(winds, event, track, objects, members=4 * MEMBERS, seed=1).classes[0]
    draw = np.random.default_rng(5).random(CASES)
    density = found.density
    level = np.array(
        [
            density.level_of(a, b) + r * density.probability_of(a, b)
            for a, b, r in zip(truth.end.lat, truth.end.lon, draw, strict=True)
        ]
    )
    for share in (0.5, 0.9):
        low, high = binom.ppf((0.0005, 0.9995), CASES, share)
        assert low <= (level < share).sum() <= high, share
