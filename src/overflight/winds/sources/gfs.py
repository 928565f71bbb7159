"""GFS from NOAA's open-data bucket: index, then byte ranges.

The bucket holds every run since 2021-01-01. For the past each time is taken from the run before it, with a
step under six hours (analysis or short forecast); for the future, from the newest run that reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from overflight.errors import OutOfCoverage, Unavailable
from overflight.geo.times import iso
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.sources.index import parse_wgrib2
from overflight.winds.sources.job import Job, Made, fill
from overflight.winds.sources.ranged import make_grib

HOST = "https://noaa-gfs-bdp-pds.s3.amazonaws.com"
URL = HOST + "/gfs.{YYYYMMDD}/{HH}/atmos/gfs.t{HH}z.pgrb2.{RES}.f{FFF}"
URL_BEFORE_V16 = HOST + "/gfs.{YYYYMMDD}/{HH}/gfs.t{HH}z.pgrb2.{RES}.f{FFF}"
V16 = datetime(2021, 3, 22, 12, tzinfo=UTC)
ARCHIVE_START = datetime(2021, 1, 1, tzinfo=UTC)
LEVELS_HPA = (
    *(1000.0, 975.0, 950.0, 925.0),
    *(float(level) for level in range(900, 50, -50)),
    *(70.0, 50.0, 40.0, 30.0, 20.0, 15.0, 10.0, 7.0, 5.0),
)
BYTES_A_MESSAGE = {"0p25": 700_000, "0p50": 220_000, "1p00": 70_000}
CYCLE_H = 6
LAST_STEP_H = 384
CYCLES_BACK = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Gfs:
    """The Global Forecast System of NOAA/NCEP.

    Attributes
    ----------
    url : str
        A template with ``{YYYYMMDD} {HH} {RES} {FFF}``, or the root of a mirror laid out as the bucket.
    name, default_url, archive_start, levels_hpa : what differs for the ensemble.
    """

    url: str = URL
    workers: int = 8
    name: str = "gfs"
    default_url: str = URL
    archive_start: datetime = ARCHIVE_START
    levels_hpa: tuple[float, ...] = LEVELS_HPA

    def bytes_each(self, request: Request) -> int:
        """Return about how many bytes one time costs."""
        levels = len(request.levels_hpa or self.levels_hpa)
        return BYTES_A_MESSAGE[request.grid] * levels * len(request.variables)

    def template(self) -> str:
        """Return the address in use."""
        return self.url

    def jobs(self, request: Request, client: Client, now: datetime) -> tuple[Job, ...]:
        """Return a job for each time of ``request``.

        Raises
        ------
        OutOfCoverage
            Before the archive begins or after the forecast ends.
        Unavailable
            No run of the last two days can be found.
        """
        times = request.times()
        if self.url == self.default_url and times[0] < self.archive_start:
            hint = f"use era5, or a mirror with --url: {self.url}"
            raise OutOfCoverage(f"{self.name} archive", iso(times[0]), f"{iso(self.archive_start)} and later", hint)

        def has(run: datetime) -> bool:
            last = min(times[-1], run + timedelta(hours=LAST_STEP_H))
            url = self.urls(run, self.on_grid(hours(last - run), request.grid), request.grid)[0]
            return client.exists(url + ".idx")

        newest = newest_run(times[-1], now, CYCLE_H, has)
        wanted = []
        for valid in times:
            run = min(floor_hours(valid, CYCLE_H), newest)
            step_h = hours(valid - run)
            if step_h > LAST_STEP_H:
                end = newest + timedelta(hours=LAST_STEP_H)
                raise OutOfCoverage(f"{self.name} forecast", iso(valid), f"up to {iso(end)}")
            if step_h == self.on_grid(step_h, request.grid):
                wanted.append(self._job(request, valid, run, step_h))
        return tuple(wanted)

    def make(self, job: Job, part: Path, client: Client) -> Made:
        """Fetch the messages of ``job`` into ``part``."""
        return make_grib(job, part, client, index_url=lambda url: url + ".idx", parse=parse_wgrib2)

    def urls(self, run: datetime, step_h: int, grid: str) -> tuple[str, ...]:
        """Return where a file lies; around a change of layout, both places, the likelier first."""
        values = {
            "YYYYMMDD": f"{run:%Y%m%d}",
            "HH": f"{run:%H}",
            "FFF": f"{step_h:03d}",
            "RES": grid,
        }
        places = [self.url]
        if self.url == URL and run < V16:
            places = [URL_BEFORE_V16, URL]
        return tuple(fill(place, values, default=URL, field="gfs url") for place in places)

    def on_grid(self, step_h: int, grid: str) -> int:
        """Return the last forecast step not after ``step_h`` that the source stores."""
        hourly = grid == "0p25" and step_h <= 120
        return step_h if hourly else step_h - step_h % 3

    def _job(self, request: Request, valid: datetime, run: datetime, step_h: int) -> Job:
        return Job(
            source=self.name,
            grid=request.grid,
            valid=valid,
            run=run,
            step_h=step_h,
            urls=self.urls(run, step_h, request.grid),
            levels_hpa=request.levels_hpa or self.levels_hpa,
            exact=request.levels_hpa is not None,
            variables=request.variables,
            area=None,
            suffix=".grib2",
        )


def newest_run(last: datetime, now: datetime, cycle_h: int, has: Callable[[datetime], bool]) -> datetime:
    """Return the newest run to take fields from, for valid times up to ``last``.

    Where all times are a day past no server is asked: every run is there.

    Raises
    ------
    Unavailable
        No run of the last two days answers ``has``.
    """
    newest = floor_hours(min(now, last), cycle_h)
    if last < now - timedelta(hours=24):
        return newest
    for back in range(CYCLES_BACK):
        run = newest - timedelta(hours=back * cycle_h)
        if has(run):
            return run
    raise Unavailable(f"no run from {iso(run)} to {iso(newest)} is there; give a mirror with --url")


def floor_hours(time: datetime, step_h: int) -> datetime:
    """Return the last multiple of ``step_h`` hours from 00 UTC that is not after ``time``."""
    day = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return day - timedelta(hours=day.hour % step_h)


def hours(span: timedelta) -> int:
    """Return a span in whole hours."""
    return round(span.total_seconds() / 3600)
