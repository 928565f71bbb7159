"""Two solar balloons of one morning: the recorded altitude of one in the wind that the other drifted with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from checks import page
from checks.region import offsets_m, share_within
from overflight.case.demo import shipped
from overflight.drift import Release, Settings, simulate
from overflight.flight import Flight
from overflight.flight.phases import Recorded
from overflight.geo import sphere
from overflight.winds import WindError
from overflight.winds.balloon_track import read_fixes, winds_of_track

F64 = NDArray[np.float64]
PAIRS = (("SHAB12V", "SHAB14V"), ("SHAB14V", "SHAB12V"))
CRUDE_KM = {"SHAB12V": 43.0}
"""Altitude against the time-mean air speed of the sister."""
MEMBERS = 400


@dataclass(frozen=True)
class Track:
    """Recorded fixes: hours since the first, degrees, metres."""

    start: np.datetime64
    hours: F64
    lat: F64
    lon: F64
    altitude_m: F64

    @property
    def path_km(self) -> float:
        """Length of the way from fix to fix."""
        return float(sphere.distance_m(self.lat[1:], self.lon[1:], self.lat[:-1], self.lon[:-1]).sum()) / 1e3

    @property
    def flight(self) -> Flight:
        """The recorded altitude as a flight."""
        times = self.start + np.round(self.hours * 3.6e12).astype("timedelta64[ns]")
        return Flight(phases=(Recorded(times=times, altitude_m=self.altitude_m),))

    def place(self, hours: F64) -> tuple[F64, F64]:
        """Return where it was, linear between fixes, which are seconds to minutes apart."""
        return np.interp(hours, self.hours, self.lat), np.interp(hours, self.hours, self.lon)


def track_of(name: str) -> Track:
    """Return the recorded track that is shipped."""
    with shipped(f"{name.lower()}_2022-08-22_aprs.csv") as path:
        time, lat, lon, altitude, _ = read_fixes(path)
    return Track(time[0], (time - time[0]) / np.timedelta64(1, "h"), lat, lon, altitude)


def wind_of(name: str) -> xr.Dataset:
    """Return the wind that a balloon drifted with."""
    with shipped(f"{name.lower()}_2022-08-22_aprs.csv") as path:
        return winds_of_track(path)


@dataclass(frozen=True)
class Carried:
    """The recorded altitude of ``track`` in a wind: hours, one path, the distance from the truth, and an ensemble."""

    track: Track
    hours: F64
    lat: F64
    lon: F64
    miss_km: F64
    share: F64

    @property
    def hours_inside(self) -> float:
        """Share of the time that the truth lies in the 90 % region."""
        return float(np.mean(self.share[1:] < 0.9))


def carried(name: str, sister: str, *, members: int = MEMBERS) -> Carried:
    """Carry one balloon at its recorded altitude through the wind of another."""
    track, winds = track_of(name), wind_of(sister)
    release = Release(time=np.repeat(track.start, members), lat=track.lat[0], lon=track.lon[0])
    length = float(track.hours[-1])

    def run(error: WindError | None, count: int) -> xr.Dataset:
        start = Release(time=release.time[:count], lat=release.lat, lon=release.lon)
        settings = Settings(output_s=300.0, wind_error=error)
        return simulate(winds, track.flight, start, hours=length, members=count, seed=1, settings=settings)

    one, cloud = run(None, 1), run(WindError(), members)
    hours = (one["time"].values - track.start) / np.timedelta64(1, "h")
    lat, lon = (one[n].values[0].astype(np.float64) for n in ("lat", "lon"))
    true = track.place(hours)
    inside = [
        share_within(*(cloud[n].values[:, i].astype(np.float64) for n in ("lat", "lon")), (true[0][i], true[1][i]))
        for i in range(1, hours.size)
    ]
    miss = sphere.distance_m(lat, lon, *true) / 1e3
    return Carried(track, hours, lat, lon, miss, np.array([0.0, *inside]))


def rows(found: dict[tuple[str, str], Carried]) -> list[list[str]]:
    """Return, for each way round, the path, the miss by hour and at the end, and the time inside the 90 % region."""
    out = []
    for (name, sister), c in found.items():
        misses = [f"{np.interp(h, c.hours, c.miss_km):.1f}" for h in (2.0, 4.0, 8.0)]
        end = [f"{c.miss_km[-1]:.1f}", f"{100.0 * c.hours_inside:.0f} %"]
        out.append([f"{name} in the wind of {sister}", f"{c.track.path_km:.0f}", *misses, *end])
    return out


def draw(found: dict[tuple[str, str], Carried]) -> Path:
    """Draw both tracks with what the winds made of them, and the miss against time."""
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(8.2, 5.8), layout="constrained", height_ratios=(1.0, 0.85))
    colours = dict(zip(found, (page.BLUE, page.RED), strict=True))
    centre = next(iter(found.values())).track
    for (name, sister), c in found.items():
        colour = colours[name, sister]
        for lat, lon, style, label in (
            (c.track.lat, c.track.lon, "-", f"{name}, its track"),
            (c.lat, c.lon, "--", f"at its altitude in {sister}'s wind"),
        ):
            east, north = offsets_m(lat, lon, (centre.lat[0], centre.lon[0])) / 1e3
            top.plot(east, north, style, color=colour, linewidth=1.3, label=label)
            fill = "none" if style == "--" else "full"
            top.plot(east[-1], north[-1], "o", color=colour, markersize=5, fillstyle=fill)
        bottom.plot(c.hours, c.miss_km, color=colour, linewidth=1.3)
        at = (c.hours[-1], c.miss_km[-1])
        bottom.annotate(f"{name}\n{at[1]:.0f} km", at, (6, -14), textcoords="offset points", color=colour)
    top.plot(0.0, 0.0, "k^", markersize=5)
    top.set(xlabel="east of the start [km]", ylabel="north [km]", title="Tracks", aspect="equal", ylim=(-45.0, 80.0))
    top.legend(loc="upper left")
    bottom.axhline(CRUDE_KM["SHAB12V"], color=page.GREY, linewidth=1, linestyle=":")
    bottom.annotate("crude floor for SHAB12V, 43 km", (0.1, 46.0), color=page.GREY, fontsize=8)
    bottom.set(xlabel="hours since the first fix", ylabel="miss [km]", title="Miss against time", xlim=(0.0, 14.4))
    bottom.set_ylim(0.0, 170.0)
    return page.save(figure, "sisters")
