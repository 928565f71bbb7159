"""What is done of a run, on disk: a folder beside its cube, in it the plan and a zipped Zarr group a date.

Each is written beside and renamed, so that a run that is killed at any moment leaves whole dates and no others.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.storage import ZipStore

from overflight.airspace.exposure.answers import open_cube
from overflight.airspace.exposure.cube import plan_attributes
from overflight.airspace.exposure.plan import Plan
from overflight.airspace.exposure.tally import Tally
from overflight.errors import InvalidInput

PLAN = "plan.json"
SUFFIX = ".zarr.zip"
OPTIONS = {"places": "--from", "levels_m": "--float", "dates": "--start, --end, --every", "days": "--days",
           "members": "--members", "seed": "--seed", "seasons": "--season", "wind_error": "--wind-error",
           "steady": "--steady", "winds_sha256": "--winds", "regions_version": "regions",
           "version": "version of overflight"}  # fmt: skip
"""What each part of a plan is called on the command line."""


def folder_of(cube: Path) -> Path:
    """Return the folder of the dates that are done, beside the cube that they will be."""
    return cube.with_name(cube.name + ".dates")


def begun_plan(cube: Path) -> dict[str, Any] | None:
    """Return the plan that a run to this cube was begun with; None where none was, or none can be read."""
    try:
        plan: dict[str, Any] = json.loads((folder_of(cube) / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return plan


def begun_seed(cube: Path) -> int | None:
    """Return the seed of the cube that stands there, or of the run begun to it; None where there is neither."""
    if cube.exists():
        return int(open_cube(cube).attrs["seed"])
    begun = begun_plan(cube)
    return None if begun is None else int(begun["seed"])


def require_cube(plan: Plan, cube: xr.Dataset, where: str) -> None:
    """Refuse a cube that another plan was made into.

    Raises
    ------
    InvalidInput
        It belongs to another run; the line names a setting that differs.
    """
    if cube.attrs.get("plan_sha256") == plan.digest():
        return
    own = plan_attributes(plan)
    differs = [name for name in own if name != "plan_sha256" and own[name] != cube.attrs.get(name)]
    name = differs[0] if differs else "places"
    got = str(own[name]) if differs else f"{len(plan.places)} others or dates in other steps"
    expected = f"{cube.attrs.get(name, 'those of the run that wrote it')}: the cube belongs to another run"
    raise InvalidInput(name, got, expected, where, "give the same settings, or another --output")


def require_same(plan: Plan, begun: dict[str, Any], where: str) -> None:
    """Refuse to go on with a run, or to take a cube, that was made with other settings.

    Raises
    ------
    InvalidInput
        A setting differs; the line names the first.
    """
    wanted = json.loads(json.dumps(plan.to_json()))
    changed = [name for name in wanted if wanted[name] != begun.get(name)]
    if not changed:
        return
    name = changed[0]
    got, expected = _difference(wanted[name], begun.get(name))
    more = f" (and {len(changed) - 1} more settings)" if len(changed) > 1 else ""
    raise InvalidInput(OPTIONS[name], got + more, f"{expected}, with which it was begun", where,
                       "give the same settings, or another --output")  # fmt: skip


def _difference(wanted: Any, begun: Any) -> tuple[str, str]:
    """Say how two settings differ: of lists their numbers, or what stands in one and not in the other."""
    if not (isinstance(wanted, list) and isinstance(begun, list)):
        return str(wanted), str(begun)
    own, other = ([x for x in a if x not in b] for a, b in ((wanted, begun), (begun, wanted)))
    return tuple(  # type: ignore[return-value]
        f"{len(every)} ({'no other' if not rest else f'{_name(rest[0])} among them'})"
        for every, rest in ((wanted, own), (begun, other))
    )


def _name(item: Any) -> str:
    return str(item[0] if isinstance(item, list) else item)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The dates of a plan that are done."""

    folder: Path
    plan: Plan

    @staticmethod
    def begin(cube: Path, plan: Plan) -> Checkpoint:
        """Begin a run, or take one up where it stopped.

        Raises
        ------
        InvalidInput
            What stands there belongs to a run with other settings, or cannot be written.
        """
        folder = folder_of(cube)
        begun = begun_plan(cube)
        if begun is not None:
            require_same(plan, begun, folder.name)
            return Checkpoint(folder, plan)
        try:
            folder.mkdir(exist_ok=True)
            if any(folder.glob(f"*{SUFFIX}")):
                raise InvalidInput("output", f"dates without a readable {PLAN}", "a whole run, or none", folder.name,
                                   "remove the folder")  # fmt: skip
            text = json.dumps(plan.to_json(), indent=1)
            _renamed(folder / PLAN, lambda beside: beside.write_text(text, encoding="utf-8"))
        except OSError as problem:
            raise _refused(folder, problem) from None
        return Checkpoint(folder, plan)

    def waiting(self) -> list[str]:
        """Return the dates that are not done."""
        return [date for date in self.plan.dates if not self._path(date).is_file()]

    def write(self, date: str, found: Tally) -> None:
        """Keep what a date came to."""
        try:
            _renamed(self._path(date), lambda beside: _write(beside, found, {"date": date}))
        except OSError as problem:
            raise _refused(self.folder, problem) from None

    def read(self, date: str) -> Tally:
        """Return what a date came to.

        Raises
        ------
        InvalidInput
            The file is damaged.
        """
        path = self._path(date)
        try:
            with path.open("rb") as stream:
                zipfile.ZipFile(stream).close()  # a store that cannot be opened cannot be closed either
            with ZipStore(path, mode="r", read_only=True) as store:
                group = zarr.open_group(store, mode="r")
                return Tally(*(np.asarray(group[f.name][:], np.int64) for f in fields(Tally)))  # type: ignore[index]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
            got = f"{path.name} ({type(problem).__name__})"
            raise InvalidInput(
                "date", got, "a whole Zarr group", self.folder.name, "remove it: it is flown anew"
            ) from None

    def remove(self) -> None:
        """Remove the folder, once the cube stands."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()

    def remove_if_empty(self) -> None:
        """Remove the folder where no date is done: there is nothing to go on with."""
        if len(self.waiting()) == len(self.plan.dates):
            self.remove()

    def _path(self, date: str) -> Path:
        return self.folder / f"{date.replace(':', '')}{SUFFIX}"


def _write(path: Path, found: Tally, attributes: dict[str, Any]) -> None:
    with ZipStore(path, mode="w") as store:
        group = zarr.create_group(store, attributes=attributes)
        for field in fields(Tally):
            values = getattr(found, field.name)
            group.create_array(field.name, data=values, chunks=(max(1, values.size),))


def _renamed(path: Path, writer: Callable[[Path], Any]) -> None:
    """Let ``writer`` write beside, see it to the disk, and rename it."""
    beside = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        writer(beside)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _refused(folder: Path, problem: OSError) -> InvalidInput:
    reason = os.strerror(problem.errno) if problem.errno else str(problem)
    return InvalidInput("output", f"{folder} ({reason})", "a place that can be written")
