"""Winds and sightings with known answers."""

from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from overflight.sightings import Altitude, Sighting

START = datetime(2023, 2, 1, tzinfo=UTC)
LEVELS_HPA = np.array([300.0, 200.0, 150.0, 100.0, 70.0, 50.0, 30.0, 20.0])


def uniform_winds(u_ms=10.0, v_ms=2.0, *, shear_ms_km=0.0, hours=(-48, 96), area=None) -> xr.Dataset:
    """Wind that is the same everywhere on a level, stronger by ``shear_ms_km`` a km above 100 hPa."""
    time = np.datetime64("2023-02-01", "ns") + np.arange(hours[0], hours[1] + 1, 6) * np.timedelta64(1, "h")
    south, west, north, east = area or (-90, -180, 90, 175)
    lat, lon = np.arange(south, north + 1, 5.0), np.arange(west, east + 1, 5.0)
    km = 7.0 * np.log(100.0 / LEVELS_HPA)
    shape = (time.size, LEVELS_HPA.size, lat.size, lon.size)
    u = np.broadcast_to((u_ms + shear_ms_km * km)[None, :, None, None], shape).astype(np.float32)
    v = np.full(shape, v_ms, np.float32)
    dims = ("time", "level", "lat", "lon")
    return xr.Dataset(
        {"u": (dims, u), "v": (dims, v)},
        {"time": time, "level": LEVELS_HPA, "lat": lat, "lon": lon},
        {"source": "made for a test", "sha256": ["ab" * 32]},
    )


def seen(hours, lat, lon, *, sd_m=5_000.0, time_sd_s=0.0, altitude_m=None, altitude_sd_m=200.0):
    """A sighting, as far as inference reads one."""
    altitude = None
    if altitude_m is not None:
        altitude = Altitude(value_m=altitude_m, sd_m=altitude_sd_m, reference="pressure")
    return Sighting(
        object_label="",
        source="",
        note="",
        time=START + timedelta(hours=hours),
        time_sd_s=time_sd_s,
        lat=lat,
        lon=lon,
        position_sd_m=sd_m,
        altitude=altitude,
        evidence_sha256="cd" * 32,
    )


def drifting(hours, *, lat=40.0, lon=-120.0, u_ms=10.0, v_ms=2.0, **kw):
    """Sightings that a uniform wind carries along, on a small sphere patch near enough."""
    out = []
    for h in hours:
        north = np.degrees(v_ms * h * 3600.0 / 6_371_008.8)
        middle = np.radians(lat + 0.5 * north)
        east = np.degrees(u_ms * h * 3600.0 / (6_371_008.8 * np.cos(middle)))
        out.append(seen(h, lat + north, (lon + east + 180.0) % 360.0 - 180.0, **kw))
    return out
