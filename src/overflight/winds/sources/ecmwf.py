"""ECMWF open data: the high-resolution forecast (IFS) at 0.25 degree, runs of 00 and 12 UTC.

The server of ECMWF keeps the last few days; mirrors on the public clouds keep more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from overflight.errors import OutOfCoverage
from overflight.geo.times import iso
from overflight.winds.request import Request
from overflight.winds.sources.gfs import floor_hours, hours, newest_run
from overflight.winds.sources.http import Client
from overflight.winds.sources.index import parse_ecmwf
from overflight.winds.sources.job import Job, Made, fill
from overflight.winds.sources.ranged import make_grib

URL = "https://data.ecmwf.int/forecasts/{YYYYMMDD}/{HH}z/ifs/0p25/oper/{YYYYMMDD}{HH}0000-{STEP}h-oper-fc.grib2"
LEVELS_HPA = (
    *(1000.0, 925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 250.0, 200.0, 150.0, 100.0),
    *(70.0, 50.0, 30.0, 20.0, 10.0, 7.0, 5.0),
)
BYTES_A_MESSAGE = 650_000
CYCLE_H = 12
LAST_STEP_H = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecmwf:
    """The Integrated Forecasting System of ECMWF, as far as it is open.

    Attributes
    ----------
    url : str
        A template with ``{YYYYMMDD} {HH} {STEP}``, or the root of a mirror laid out as ECMWF's server
        (that is, the part of the address before ``forecasts``).
    """

    url: str = URL
    workers: int = 4

    def bytes_each(self, request: Request) -> int:
        """Return about how many bytes one time costs."""
        return BYTES_A_MESSAGE * len(request.levels_hpa or LEVELS_HPA) * len(request.variables)

    def template(self) -> str:
        """Return the address in use."""
        return self.url

    def jobs(self, request: Request, client: Client, now: datetime) -> tuple[Job, ...]:
        """Return a job for each time of ``request`` that lies on the forecast's 3 h (later 6 h) steps.

        Raises
        ------
        OutOfCoverage
            After the forecast ends.
        Unavailable
            No run of the last days can be found.
        """
        times = request.times()

        def has(run: datetime) -> bool:
            step_h = min(hours(times[-1] - run), LAST_STEP_H)
            return client.exists(index_url(self._url(run, _on_grid(step_h))))

        newest = newest_run(times[-1], now, CYCLE_H, has)
        wanted = []
        for valid in times:
            run = min(floor_hours(valid, CYCLE_H), newest)
            step_h = hours(valid - run)
            if step_h > LAST_STEP_H:
                end = newest + timedelta(hours=LAST_STEP_H)
                raise OutOfCoverage("ecmwf forecast", iso(valid), f"up to {iso(end)}")
            if step_h == _on_grid(step_h):
                wanted.append(self._job(request, valid, run, step_h))
        return tuple(wanted)

    def make(self, job: Job, part: Path, client: Client) -> Made:
        """Fetch the messages of ``job`` into ``part``."""
        return make_grib(job, part, client, index_url=index_url, parse=parse_ecmwf)

    def _url(self, run: datetime, step_h: int) -> str:
        values = {"YYYYMMDD": f"{run:%Y%m%d}", "HH": f"{run:%H}", "STEP": str(step_h)}
        return fill(self.url, values, default=URL, field="ecmwf url")

    def _job(self, request: Request, valid: datetime, run: datetime, step_h: int) -> Job:
        return Job(
            source="ecmwf",
            grid=request.grid,
            valid=valid,
            run=run,
            step_h=step_h,
            urls=(self._url(run, step_h),),
            levels_hpa=request.levels_hpa or LEVELS_HPA,
            exact=request.levels_hpa is not None,
            variables=request.variables,
            area=None,
            suffix=".grib2",
        )


def index_url(url: str) -> str:
    """Return where the index of a file lies."""
    return url.removesuffix(".grib2") + ".index"


def _on_grid(step_h: int) -> int:
    return step_h - step_h % (3 if step_h <= 144 else 6)
