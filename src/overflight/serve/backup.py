"""Backup and restore: the whole folder of a service as one file, made while it runs.

A database is copied as of one moment; everything is written beside and renamed, and every file's digest is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from overflight import __version__
from overflight.errors import InvalidInput, Tampered
from overflight.geo.times import iso
from overflight.serve.store import FILE

FORMAT = 1
MANIFEST = "overflight-backup.json"
LEFT_OUT = ("lock", "reports", "regions")
"""What is made anew when it is needed."""
DATABASE = ".sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds: how many files, how many bytes, when it was made."""

    files: int
    bytes: int
    made_at: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.files} files, {self.bytes / 1e6:,.1f} MB, as of {self.made_at}"


def backup(folder: Path, target: Path) -> Backup:
    """Write the folder of a service to one file; the service may run meanwhile.

    Raises
    ------
    InvalidInput
        The folder is none of a service, or the file cannot be written.
    """
    if not (folder / FILE).is_file():
        raise InvalidInput("store", str(folder), f"the folder of a service, with {FILE}")
    if target.exists() or folder.resolve() in target.resolve().parents:
        raise InvalidInput("file", str(target), "the name of a new file outside the folder")
    beside = target.with_name(f".part-{os.getpid()}-{target.name}")
    try:
        with _told(target), tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".part-") as room:
            made_at = iso(datetime.now(UTC))
            with tarfile.open(beside, "x:gz", compresslevel=4) as archive:
                listed = [_add(archive, folder, path, Path(room)) for path in _ordered(folder)]
                about = {"format": FORMAT, "version": __version__, "made_at": made_at, "files": listed}
                _put(archive, MANIFEST, io.BytesIO(data := json.dumps(about).encode()), len(data))
            _flush(beside)
            beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return Backup(files=len(listed), bytes=sum(int(one["bytes"]) for one in listed), made_at=made_at)


def _ordered(folder: Path) -> Iterator[Path]:
    """Yield the files: the service's store first, so that all files that it names come after."""
    yield folder / FILE
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in LEFT_OUT or path.is_symlink() or not path.is_file() or path == folder / FILE:
            continue
        if path.name.endswith(("-wal", "-shm", "-journal")) or path.name.startswith(".part"):
            continue
        yield path


def _add(archive: tarfile.TarFile, folder: Path, path: Path, room: Path) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix()
    with contextlib.ExitStack() as held:
        source = path
        if path.suffix == DATABASE:
            source = held.enter_context(_still(path, room))
        try:
            stream = held.enter_context(source.open("rb"))
        except FileNotFoundError:  # a job that was cancelled meanwhile
            return _put(archive, name, io.BytesIO(), 0)
        return _put(archive, name, stream, os.fstat(stream.fileno()).st_size)


@contextlib.contextmanager
def _still(path: Path, room: Path) -> Iterator[Path]:
    """Give a database as of one moment.

    One with a write-ahead log is copied by SQLite. One without, as those of cases are, is held by a reader's lock and
    copied byte for byte: its seal is of its bytes.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=60.0)) as source:
        if source.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield path
            return
        copy = room / "copy.sqlite"
        with contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        yield copy
        copy.unlink()


def _put(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> dict[str, Any]:
    """Add what a file holds now, as long as it is now: a log may grow meanwhile."""
    about = tarfile.TarInfo(name)
    about.size, about.mode, about.mtime = size, 0o600, int(datetime.now(UTC).timestamp())
    digesting = _Digesting(stream)
    archive.addfile(about, digesting)
    return {"name": name, "bytes": size, "sha256": digesting.digest.hexdigest()}


class _Digesting(io.RawIOBase):
    """A stream that sums up what is read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read, and sum up."""
        data = self.stream.read(size)
        self.digest.update(data)
        return data


def restore(source: Path, folder: Path) -> Backup:
    """Make the folder of a service from a backup; all of it or nothing.

    Raises
    ------
    InvalidInput
        It is no backup, or the folder is there and holds something.
    Tampered
        A file differs from its digest, or is missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput("store", str(folder), "a folder that is not there, or empty")
    beside = folder.resolve().with_name(f".part-{os.getpid()}-{folder.name}")
    try:
        with _told(source), _archive(source) as archive:
            beside.mkdir(mode=0o700, parents=True)
            found = dict(_extracted(archive, beside))
            about = _manifest(beside / MANIFEST, source)
        _compare(about, found, source)
        (beside / MANIFEST).unlink()
        if folder.exists():
            folder.rmdir()
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Backup(
        files=len(about["files"]), bytes=sum(one["bytes"] for one in about["files"]), made_at=about["made_at"]
    )


@contextlib.contextmanager
def _archive(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, ValueError) as problem:
        raise InvalidInput("file", f"{source} ({problem})", "a file that overflight backup wrote") from None


def _extracted(archive: tarfile.TarFile, into: Path) -> Iterator[tuple[str, str]]:
    for member in archive:
        path = PurePosixPath(member.name)
        if not member.isfile() or path.is_absolute() or ".." in path.parts:
            raise InvalidInput("file", f"a member {member.name!r}", "plain files")
        stream = archive.extractfile(member)
        target = into / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with target.open("xb") as out:
            while stream is not None and (data := stream.read(1 << 20)):
                digest.update(data)
                out.write(data)
        target.chmod(0o600)
        yield member.name, digest.hexdigest()


def _manifest(path: Path, source: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidInput("file", f"{source} without {MANIFEST}", "a whole file that overflight backup wrote")
    about: dict[str, Any] = json.loads(path.read_bytes())
    if about.get("format") != FORMAT:
        raise InvalidInput("file", f"format {about.get('format')!r}", f"format {FORMAT}", str(source),
                           "a newer overflight reads it")  # fmt: skip
    return about


def _compare(about: dict[str, Any], found: dict[str, str], source: Path) -> None:
    for one in about["files"]:
        if found.get(one["name"]) != one["sha256"]:
            raise Tampered(f"{source}: {one['name']}: its digest is not that of the backup")
    more = set(found) - {one["name"] for one in about["files"]} - {MANIFEST}
    if more:
        raise Tampered(f"{source}: {min(more)}: the backup does not name it")


def _flush(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("file", f"{path} ({reason})", "what can be read and written") from None
