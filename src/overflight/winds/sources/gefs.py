"""GEFS from NOAA's open-data bucket: the 31 members of the Global Ensemble Forecast System, at 0.5 degree.

Each valid time becomes one file with all members. Winds at the ten levels of `LEVELS_HPA` lie in the bucket's
``pgrb2a`` files, those at other levels in ``pgrb2b``: 975, 950, 900 and down to 300 by 50, 150, 70, 30 and 20 hPa.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from overflight.winds.files import guarded
from overflight.winds.request import Request
from overflight.winds.sources.gfs import Gfs
from overflight.winds.sources.http import Client
from overflight.winds.sources.index import parse_wgrib2
from overflight.winds.sources.job import Job, Made, fill
from overflight.winds.sources.ranged import make_grib, plan_path

URL = (
    "https://noaa-gefs-pds.s3.amazonaws.com/gefs.{YYYYMMDD}/{HH}/atmos/pgrb2{SET}p5/"
    "{MEMBER}.t{HH}z.pgrb2{SET}.0p50.f{FFF}"
)
ARCHIVE_START = datetime(2020, 9, 24, tzinfo=UTC)
"""The first whole day of version 12, with 31 members."""
LEVELS_HPA = (1000.0, 925.0, 850.0, 700.0, 500.0, 250.0, 200.0, 100.0, 50.0, 10.0)
MEMBERS = ("gec00", *(f"gep{number:02d}" for number in range(1, 31)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gefs(Gfs):
    """The Global Ensemble Forecast System of NOAA/NCEP.

    Attributes
    ----------
    url : str
        A template with ``{YYYYMMDD} {HH} {SET} {MEMBER} {FFF}``, or the root of a mirror laid out as the bucket.
    """

    url: str = URL
    name: str = "gefs"
    default_url: str = URL
    archive_start: datetime = ARCHIVE_START
    levels_hpa: tuple[float, ...] = LEVELS_HPA

    def bytes_each(self, request: Request) -> int:
        """Return about how many bytes one time costs."""
        return len(MEMBERS) * Gfs.bytes_each(self, request)

    def on_grid(self, step_h: int, grid: str) -> int:
        """Return the last forecast step not after ``step_h`` that is stored: 3-hourly to 240 h, then 6-hourly."""
        return step_h - step_h % (3 if step_h <= 240 else 6)

    def urls(self, run: datetime, step_h: int, grid: str) -> tuple[str, ...]:
        """Return where the members' first files lie, the control first."""
        return tuple(self._url(run, step_h, "a", member) for member in MEMBERS)

    def make(self, job: Job, part: Path, client: Client) -> Made:
        """Fetch the messages of all members, each into a part of its own, and put them behind each other."""
        pieces: list[Path] = []
        made: list[Made] = []
        for one in self._pieces(job):
            piece = part.with_name(f"{part.name}.{len(pieces)}.part")
            made.append(make_grib(one, piece, client, index_url=lambda url: url + ".idx", parse=parse_wgrib2))
            pieces.append(piece)
        with guarded(part):
            with part.open("wb") as out:
                for piece in pieces:
                    with piece.open("rb") as stream:
                        shutil.copyfileobj(stream, out)
            for piece in pieces:
                piece.unlink()
                plan_path(piece).unlink(missing_ok=True)
        levels = tuple(sorted({level for one in made for level in one.levels_hpa}, reverse=True))
        came = sum(one.network_bytes for one in made)
        return replace(made[0], levels_hpa=levels, url=job.urls[0], network_bytes=came)

    def _pieces(self, job: Job) -> list[Job]:
        """Return a job for each file that has fields of ``job``."""
        first = tuple(level for level in job.levels_hpa if level in LEVELS_HPA)
        second = tuple(level for level in job.levels_hpa if level not in LEVELS_HPA)
        return [
            replace(job, urls=(self._url(job.run, job.step_h, letter, member),), levels_hpa=levels)
            for member in MEMBERS
            for letter, levels in (("a", first), ("b", second))
            if levels
        ]

    def _url(self, run: datetime, step_h: int, letter: str, member: str) -> str:
        values = {"YYYYMMDD": f"{run:%Y%m%d}", "HH": f"{run:%H}", "FFF": f"{step_h:03d}", "SET": letter}
        return fill(self.url, values | {"MEMBER": member}, default=URL, field="gefs url")
