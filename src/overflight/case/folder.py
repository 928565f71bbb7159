"""An incident folder: written beside, put in its place when all is there, and never over what another wrote."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from overflight.case.canonical import sha256_of
from overflight.case.case_file import CASE, Case, is_case
from overflight.case.placing import remove
from overflight.errors import InvalidInput, OverflightError

RUNS = tuple(f"{name}{suffix}" for name in ("track", "hindcast", "forecast") for suffix in (".nc", ".geojson"))
FILES = (*RUNS, "track.csv", "ledger.csv", "origin.geojson", "truth.csv")
"""What an investigation may write beside its case, and records in it."""
VIEWS = ("report.html", "map.png")
"""What is made of the case, and is not in it."""
PART, LOCK = ".part", "lock"
WRITABLE, ELSEWHERE = "a folder that can be written", "give another with --case DIR"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Files on their way to an incident folder.

    Attributes
    ----------
    folder : Path. Where they lie until all of them are there.
    names : list of str. What was written, apart from the case.
    views : list of str. What was made of the case.
    """

    folder: Path
    names: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)

    def file(self, name: str) -> Path:
        """Return where to write a file, and keep in mind that it is ours."""
        self.names.append(name)
        return self.folder / name

    def view(self, name: str) -> Path:
        """Return where to write what is made of the case, which does not record it."""
        self.views.append(name)
        return self.folder / name

    @property
    def case(self) -> Path:
        """Where to write the case."""
        return self.folder / CASE


def require_free(folder: Path, names: Collection[str] = ()) -> None:
    """Refuse a folder that holds a case or a file of these names, or cannot be written.

    Raises
    ------
    InvalidInput
        The folder is in use or cannot be written.
    """
    above = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    if not above.is_dir():
        raise InvalidInput("case", f"{folder} ({above} is no folder)", WRITABLE)
    if (folder / CASE).exists():
        raise InvalidInput("case", str(folder), "a folder without a case", hint=ELSEWHERE)
    if not os.access(above, os.W_OK | os.X_OK):
        raise InvalidInput("case", f"{folder} (Permission denied)", WRITABLE)
    left = _moved(folder)
    for name in names:
        if os.path.lexists(folder / name) and name not in left:
            raise InvalidInput("case", f"{folder}, which holds {name}", f"a folder without {name}", hint=ELSEWHERE)


@contextmanager
def written(folder: Path, names: Collection[str]) -> Iterator[Unfinished]:
    """Give a place to write an incident; when the block ends, its files go to ``folder``, then the case.

    What is made of the case comes last: where a run is killed before, it can be made again.

    Where the block fails nothing is left. What a killed run left in ``folder`` is cleared away first: its unfinished
    files, and those that it had moved already, told by their names and digests in its log.

    Parameters
    ----------
    folder : Path. It may hold files of other names, which stay as they are.
    names : names of files that the block may write.

    Raises
    ------
    InvalidInput
        The folder is in use, or cannot be written.
    """
    require_free(folder, names)
    new = not folder.exists()
    try:
        with ExitStack() as ours:
            with _told(folder):
                ours.enter_context(_held(folder))
                require_free(folder, names)
                _clear(folder)
            unfinished = Unfinished(folder / PART)
            try:
                yield unfinished
                with _told(folder):
                    _publish(unfinished, folder)
            finally:
                _clear(folder)
                remove(folder / PART)
    finally:
        if new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else str(problem)
        raise InvalidInput("case", f"{folder} ({reason})", WRITABLE) from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other runs out; the lock is the operating system's, so that a killed run holds none."""
    (folder / PART).mkdir(parents=True, exist_ok=True)
    with (folder / PART / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput("case", f"{folder}, which another run is writing", WRITABLE, hint=ELSEWHERE) from None
        yield


def _publish(unfinished: Unfinished, folder: Path) -> None:
    names = (*unfinished.names, CASE, *unfinished.views)
    for name in names:
        _require_absent(folder, name)
    for name in names:
        _require_absent(folder, name)
        (unfinished.folder / name).rename(folder / name)


def _require_absent(folder: Path, name: str) -> None:
    if os.path.lexists(folder / name):
        raise InvalidInput("case", f"{folder}, which holds {name} now", f"a folder without {name}", hint=ELSEWHERE)


def _moved(folder: Path) -> list[str]:
    """Name the files in a folder that a run moved there before it was stopped."""
    part = folder / PART
    if not is_case(part / CASE):
        return []
    return [
        name
        for name, digest in _recorded(part / CASE)
        if not (part / name).exists() and (folder / name).is_file() and sha256_of(folder / name) == digest
    ]


def _recorded(case: Path) -> list[tuple[str, str]]:
    """Return name and digest of the files beside a case that it records; none where it was not begun."""
    try:
        with Case.open(case) as opened:
            bodies = [record.body or {} for record in opened.records("file")]
    except OverflightError:
        return []
    return [(str(body.get("path")), str(body.get("sha256"))) for body in bodies]


def _clear(folder: Path) -> None:
    """Remove what a run that did not end left, all but its lock."""
    for name in _moved(folder):
        remove(folder / name)
    for path in (folder / PART).iterdir():
        if path.name != LOCK:
            remove(path)
