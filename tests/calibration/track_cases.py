"""Simulated balloons and what was seen of them, for the coverage of tracks; `python track_cases.py 300` prints a table.

The engine flies every truth in a wind error of its own; level, sightings and their errors are drawn as the model
says. Synthetic throughout.
"""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_unknown_level
from overflight.geo import atmosphere, sphere
from overflight.geo.times import to_datetime
from overflight.infer import Inputs, track
from overflight.infer.bands import holds
from overflight.infer.lines import elevation_of
from overflight.sightings import Altitude, Sighting
from overflight.sightings.sighting import Bearing
from overflight.winds import WindError

START = datetime(2023, 2, 1, tzinfo=UTC)
LEVELS_HPA = np.array([150.0, 100.0, 70.0, 50.0, 30.0, 20.0])
RANGE_M = (15_000.0, 25_000.0)
SD_M = 3_000.0
HELD_OUT = (3, 13, 30)
KINDS = ("winds", "outliers", "unknown", "unknown, outliers", "windows", "bearings", "kinematic")


def sheared_winds() -> xr.Dataset:
    """A jet that turns with height and meanders, on a regional grid."""
    time = np.datetime64("2023-02-01", "ns") + np.arange(-6, 61, 6) * np.timedelta64(1, "h")
    lat, lon = np.arange(20.0, 71.0), np.arange(-160.0, -59.0)
    z = np.log(100.0 / LEVELS_HPA)[None, :, None, None]
    phase = np.radians(4.0 * lon)[None, None, None, :] + np.arange(time.size)[:, None, None, None] * 0.2
    wave = 6.0 * np.cos(np.radians(3.0 * lat))[None, None, :, None] * np.sin(phase)
    u, v = 12.0 - 8.0 * z + wave, 3.0 + 5.0 * z + np.roll(wave, 7, axis=3)
    dims = ("time", "level", "lat", "lon")
    coords = {"time": time, "level": LEVELS_HPA, "lat": lat, "lon": lon}
    return xr.Dataset({"u": (dims, u.astype(np.float32)), "v": (dims, v.astype(np.float32))}, coords)


def truths(winds: xr.Dataset, cases: int) -> xr.Dataset:
    """Fly balloons at constant pressure, each at a level of its own."""
    flight = float_at_unknown_level(*RANGE_M, surface="pressure")
    release = Release(time=START, lat=45.0, lon=-130.0)
    settings = Settings(wind_error=WindError(), threads=1, output_s=1800.0)
    return simulate(winds, flight, release, hours=36, members=cases, seed=3, settings=settings)


def seen(truth: xr.Dataset, kind: str, rng: np.random.Generator) -> list[Sighting]:
    """Draw what was seen of one balloon."""
    hours = (1, 5, 9, 14, 20, 24, 29, 35) if kind == "bearings" else (2, 6, 20, 24, 34)
    return [_one(truth, h, kind, rng) for h in hours]


def _one(truth: xr.Dataset, hour: float, kind: str, rng: np.random.Generator) -> Sighting:
    window = 2.0 if kind == "windows" else 0.0
    at = round(2.0 * (hour + window * rng.uniform(-1.0, 1.0)))
    lat, lon = float(truth.lat[at]), float(truth.lon[at])
    level = float(atmosphere.altitude_m(truth.pressure.values[at]))
    wide = 1.0
    if "outliers" in kind and rng.random() < 0.1:
        wide = 1.0 / np.sqrt(rng.random())
    altitude = bearing = None
    if kind in ("winds", "outliers", "windows"):
        altitude = Altitude(value_m=level + rng.normal(0.0, 150.0), sd_m=150.0, reference="pressure")
    if kind == "bearings":
        to, far = rng.uniform(0.0, 360.0), rng.uniform(30e3, 200e3)
        lat, lon = (float(v) for v in sphere.move(lat, lon, to + 180.0, far))
        true = sphere.azimuth_deg(lat, lon, float(truth.lat[at]), float(truth.lon[at]))
        up = np.degrees(elevation_of(far, level))
        bearing = Bearing(azimuth_deg=float(true + rng.normal(0.0, 2.0)) % 360.0, azimuth_sd_deg=2.0,
                          elevation_deg=float(np.clip(up + rng.normal(0.0, 1.0), -2.0, 90.0)), elevation_sd_deg=1.0)  # fmt: skip
    else:
        north, east = rng.normal(0.0, wide * SD_M, 2)
        lat, lon = (float(v) for v in sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), np.hypot(east, north)))
    return Sighting(
        time=START + timedelta(hours=hour), time_sd_s=0.0, lat=lat, lon=lon, position_sd_m=SD_M, altitude=altitude,
        object_label="", source="", note="", evidence_sha256="", time_window_s=3600.0 * window, bearing=bearing,
    )  # fmt: skip


def coverage(kind: str, cases: int, *, members: int = 200) -> dict[str, float]:
    """Return the share of held-out places in the 50 and 90 % regions, and the median error. [km]"""
    winds, rng = sheared_winds(), np.random.default_rng(7)
    flown, inputs = truths(winds, cases), Inputs(level_range_m=RANGE_M)
    inside, error = {0.5: [], 0.9: []}, []
    for case in range(cases):
        truth = flown.isel(trajectory=case)
        found = track(seen(truth, kind, rng), None if kind == "kinematic" else winds, seed=case, members=members,
                      inputs=inputs)  # fmt: skip
        at = found.at([to_datetime(truth.time.values[2 * h]) for h in HELD_OUT])
        for i, h in enumerate(HELD_OUT):
            true = float(truth.lat[2 * h]), float(truth.lon[2 * h])
            error.append(float(sphere.distance_m(at.lat[i], at.lon[i], *true)) / 1e3)
            lat, lon = (at.samples[n].values[:, i] for n in ("lat", "lon"))
            for level, hits in inside.items():
                hits.append(holds(lat, lon, *true, level))
    return {"50 %": float(np.mean(inside[0.5])), "90 %": float(np.mean(inside[0.9])), "km": float(np.median(error))}


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name in sys.argv[2:] or KINDS:
        found = coverage(name, count)
        print(f"{name:20} {count} cases: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)  # noqa: T201 - a script
