"""What a case's folder holds for its report: the records, and those of its files whose digest still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from overflight.case.canonical import sha256_of
from overflight.case.case_file import CASE, Case, is_case
from overflight.case.verify import verify
from overflight.case.weigh import Weighed, weigh
from overflight.errors import InvalidInput
from overflight.geo.density import Density
from overflight.recover.search import read_cells

RecordDict = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """A case as it is read for a report.

    Attributes
    ----------
    folder : Path. Where the files beside the case lie.
    records : tuple of records, in order; a redacted one has an empty body.
    weighed : tuple of Weighed. Its claims beside the findings that bear on them.
    problems : sentences of the verification; none means that all holds.
    """

    folder: Path
    records: tuple[RecordDict, ...]
    weighed: tuple[Weighed, ...]
    problems: tuple[str, ...]

    def of(self, *kinds: str) -> list[RecordDict]:
        """Return the records of some kinds."""
        return [record for record in self.records if record["kind"] in kinds and record["body"]]

    def finding(self, name: str) -> RecordDict | None:
        """Return the last finding of a name."""
        return next(reversed(self.findings(name)), None)

    def findings(self, name: str) -> list[RecordDict]:
        """Return the findings of a name, in order."""
        return [record for record in self.of("finding") if record["body"].get("name") == name]

    def result(self, name: str) -> dict[str, Any] | None:
        """Return what the last finding of a name found."""
        found = self.finding(name)
        return None if found is None else found["body"]["result"]

    def file(self, name: str) -> RecordDict | None:
        """Return the record of a file beside the case that is there and holds."""
        record = next((r for r in reversed(self.of("file")) if r["body"].get("path") == name), None)
        if record is None or not (self.folder / name).is_file():
            return None
        return record if sha256_of(self.folder / name) == record["body"]["sha256"] else None

    def trajectories(self, name: str) -> xr.Dataset | None:
        """Return the trajectories of a file that holds."""
        if self.file(name) is None:
            return None
        with xr.open_dataset(self.folder / name, engine="h5netcdf") as data:
            return data.load()

    def table(self, name: str) -> pd.DataFrame | None:
        """Return the rows of a CSV that holds, its ``time`` as such."""
        return None if self.file(name) is None else pd.read_csv(self.folder / name, parse_dates=["time"])

    def density(self, name: str) -> Density | None:
        """Return the density of a file that holds, all its classes of objects together."""
        return None if self.file(name) is None else read_cells(self.folder / name).density


def holdings(folder: Path) -> Holdings:
    """Read a case and check it.

    Parameters
    ----------
    folder : an incident folder, or the case folder in it.

    Raises
    ------
    InvalidInput
        The folder holds no case.
    """
    inside = folder / CASE if is_case(folder / CASE) else folder
    if not is_case(inside):
        raise InvalidInput("case", str(folder), "an incident folder, or the case folder in it")
    checked = verify(inside)
    with Case.open(inside) as case:
        records = tuple({**record.to_json(), "body": record.body or {}} for record in case.records())
        weighed = tuple(weigh(case))
    if not records:
        raise InvalidInput("case", f"{folder}, of which no record holds", "a case", hint="overflight case verify")
    folder = inside.resolve().parent
    return Holdings(folder=folder, records=records, weighed=weighed, problems=checked.problems)
