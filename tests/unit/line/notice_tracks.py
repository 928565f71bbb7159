"""Synthetic tracks and notices: places, levels and times are closed forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
import xarray as xr

from overflight.airspace import Region, ledger
from overflight.airspace.arrange import arrange
from overflight.geo import atmosphere, sphere
from overflight.line.notices import Notice, Recipients, Sending, notice_of, recipients

START = datetime(2022, 11, 11, 3, tzinfo=UTC)
SENT = datetime(2022, 11, 10, 12, tzinfo=UTC)
STATED = {
    "identification": "TEST-1", "classification": "light", "description": "latex 600 g, payload 1.2 kg",
    "transponder": "none", "operator": "A university", "phone": "+44 1234 5678",
}  # fmt: skip
NO_FIR = "fetch them"


def track(lat, lon, altitude_m, seconds, *, landed=False, start=START, pressure=True) -> xr.Dataset:
    """Return trajectories (members, outputs) as the engine writes them; the last output is the landing if they land."""
    lat, lon, altitude = np.broadcast_arrays(*(np.atleast_2d(np.asarray(a, float)) for a in (lat, lon, altitude_m)))
    time = np.datetime64(start.replace(tzinfo=None), "ns") + (np.asarray(seconds) * 1e9).astype("timedelta64[ns]")
    status = np.zeros(lat.shape, np.int8)
    if landed:
        status[:, -1] = 1
    dims = ("trajectory", "obs")
    data = xr.Dataset(
        {
            "lat": (dims, lat.astype("f4")), "lon": (dims, sphere.wrap(lon).astype("f4")),
            "altitude": (dims, altitude.astype("f4"), {"units": "m"}), "status": (dims, status),
            "end_lat": ("trajectory", lat[:, -1]), "end_lon": ("trajectory", sphere.wrap(lon[:, -1])),
            "end_status": ("trajectory", status[:, -1]),
            "end_time": ("trajectory", np.full(len(lat), time[-1])),
        },
        coords={"trajectory": np.arange(len(lat)), "time": ("obs", time)},
        attrs={"direction": "forward"},
    )  # fmt: skip
    if pressure:
        data["pressure"] = (dims, atmosphere.pressure_pa(altitude).astype("f4"), {"units": "Pa"})
    return data


def floating(lat=52.2, lon=0.09, *, members=20, hours=30, degrees_an_hour=0.5, spread=0.05, altitude_m=16_000.0):
    """Return a float along a parallel; members lie side by side in latitude."""
    t = np.arange(0.0, hours * 3600.0 + 1.0, 600.0)
    beside = spread * np.linspace(-1.0, 1.0, members)[:, None]
    return track(np.clip(lat + beside, -90, 90), lon + degrees_an_hour * t / 3600.0, altitude_m, t)


def burst(lat=52.2, lon=0.09, *, rate_ms=5.0, top_m=30_000.0, members=10):
    """Return flights that climb, and fall as fast, at 20 m/s from the west; landed at the last output."""
    t = np.arange(0.0, 2 * top_m / rate_ms + 1.0, 60.0)
    height = np.minimum(t, t[-1] - t) * rate_ms
    _, east = sphere.move(lat, lon, 90.0, 20.0 * t)
    return track(np.full((members, 1), lat), east, height, t, landed=True)


def over_the_pole(*, south=False):
    """Return a float straight over a pole."""
    t = np.arange(0.0, 12 * 3600.0 + 1.0, 600.0)
    lat, lon = sphere.move(85.0, 20.0, 0.0, 30.0 * t)
    return track(np.tile(-lat if south else lat, (5, 1)), lon, 16_000.0, t)


def told(data, *, tell=0.05, services=NO_FIR) -> Recipients:
    return recipients(ledger(data), services, tell=tell)


def notice(data, kind="position", *, services=NO_FIR, status="Draft", incomplete=False, **stated) -> Notice:
    return notice_of(
        data, kind, told(data, services=services), STATED | stated, Sending(sent=SENT, status=status),
        incomplete=incomplete,
    )  # fmt: skip


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def services(data):
    """Two regions side by side, told apart by the meridian of 5 degrees east."""
    regions = [Region(id=name, name=name, kind="fir", source="synthetic") for name in ("AAAA", "BBBB")]
    boxes = np.array([shapely.box(-10, 40, 5, 60), shapely.box(5, 40, 40, 60)])
    return ledger(data, arrange(regions, boxes), by="region")
