"""An append-only log: one canonical JSON record a line, each holding the digest of the one before.

Records are in the JSON Canonicalization Scheme (RFC 8785); ``hash`` is the SHA-256 of the record without it. A record
is acknowledged when it is on the disk; a line torn by a crash is told, and moved aside on the next writing. A log whose
last record is no closing is not whole. What this holds against, and what not, stands in docs/method/case.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import rfc8785

from overflight.errors import InvalidInput, Tampered
from overflight.geo.times import iso

Kind = Literal["opening", "evidence", "sighting", "finding", "file", "statement", "correction", "closing"]
KINDS: tuple[str, ...] = get_args(Kind)
CASE, LOG, TORN, EVIDENCE = "case", "log.jsonl", "log.torn", "evidence"
FIELDS = frozenset({"id", "kind", "made_at", "author", "inputs", "body", "previous", "hash"})
_LARGEST_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a re-computation of a log found.

    Attributes
    ----------
    records : int. Records that hold.
    evidence, files : int. Evidence kept, and files beside the case, that hold.
    head : str. Hash of the last record, empty where it does not hold. Kept elsewhere, it tells a log forged as a whole.
    problems : sentences; none means that the log is closed and that it, and what it names, is as it was written.
    """

    records: int
    evidence: int
    files: int
    head: str
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """Return the finding in one line."""
        if self.problems:
            return "; ".join(self.problems)
        return f"{self.records} records, {self.evidence} evidence and {self.files} other files hold; head {self.head}"

    def or_raise(self) -> Verification:
        """Return the verification, or raise Tampered."""
        if self.problems:
            raise Tampered(str(self))
        return self


class Case:
    """A log that can be appended to."""

    def __init__(self, folder: Path, author: str) -> None:
        self.folder, self.author = folder, author

    @staticmethod
    def create(folder: Path, *, title: str, author: str = "overflight") -> Case:
        """Make a new case in a folder that holds none.

        Raises
        ------
        InvalidInput
            There is a case already, or the folder cannot be written.
        """
        if (folder / LOG).exists():
            raise InvalidInput("case", str(folder), "a folder without a case")
        with _told(folder):
            (folder / EVIDENCE).mkdir(parents=True, exist_ok=True)
            (folder / LOG).touch()
        case = Case(folder, author)
        case.append("opening", {"title": title})
        return case

    @staticmethod
    def open(folder: Path, *, author: str = "overflight") -> Case:
        """Open a case to append to it."""
        if not (folder / LOG).is_file():
            raise InvalidInput("case", str(folder), f"a folder with {LOG}")
        return Case(folder, author)

    def append(self, kind: Kind, body: Mapping[str, Any], *, inputs: Sequence[str] = ()) -> str:
        """Write one record, and return its hash when it is on the disk.

        Raises
        ------
        Tampered
            The last record of the log does not hold.
        """
        if kind not in KINDS:
            raise InvalidInput("kind", repr(kind), ", ".join(KINDS))
        with _told(self.folder), self._locked() as stream:
            number, previous = self._end(stream)
            record = {
                "id": str(number + 1), "kind": kind, "made_at": iso(datetime.now(UTC)), "author": self.author,
                "inputs": list(inputs), "body": plain(body), "previous": previous,
            }  # fmt: skip
            record["hash"] = digest_of(record)
            stream.write(rfc8785.dumps(record) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        return str(record["hash"])

    def add_evidence(self, path: Path, *, source: str, copy: bool = True) -> str:
        """Record a file by its digest, and keep a copy of it unless told otherwise; return the digest."""
        with _told(path):
            digest, size = sha256_of(path), path.stat().st_size
        kept = f"{EVIDENCE}/{digest}{path.suffix}" if copy else ""
        if copy:
            with _told(self.folder):
                beside = self.folder / f"{kept}.part"
                shutil.copyfile(path, beside)
                beside.replace(self.folder / kept)
        body = {"name": path.name, "sha256": digest, "bytes": size, "source": source, "kept": kept}
        self.append("evidence", body, inputs=(digest,))
        return digest

    def add_file(self, path: Path, *, inputs: Sequence[str] = ()) -> None:
        """Record a file beside the case's folder by its digest; ``inputs`` are the digests of what it was made of."""
        with _told(path):
            digest, size = sha256_of(path), path.stat().st_size
            name = path.resolve().relative_to(self.folder.resolve().parent).as_posix()
        self.append("file", {"path": name, "sha256": digest, "bytes": size}, inputs=inputs)

    def records(self) -> list[dict[str, Any]]:
        """Return the records that hold, in order."""
        return [record for record, _ in _read(self.folder / LOG) if record is not None]

    @contextmanager
    def _locked(self) -> Iterator[Any]:
        with (self.folder / LOG).open("r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream

    def _end(self, stream: Any) -> tuple[int, str]:
        """Return the number and hash of the last record; move a torn line aside; leave the stream at the end."""
        data = stream.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with (self.folder / TORN).open("ab") as torn:
                torn.write(data[whole:] + b"\n")
                os.fsync(torn.fileno())
            stream.truncate(whole)
        stream.seek(whole)
        lines = data[:whole].splitlines()
        if not lines:
            return 0, ""
        record, problem = _parsed(lines[-1])
        if record is None:
            raise Tampered(f"record {len(lines)}: {problem}")
        return len(lines), str(record["hash"])


def recorded_files(folder: Path) -> list[tuple[str, str]]:
    """Return name and digest of the files beside a case that its log records."""
    bodies = [record["body"] for record, _ in _read(folder / LOG) if record is not None and record["kind"] == "file"]
    return [(str(body.get("path")), str(body.get("sha256"))) for body in bodies]


def verify(folder: Path) -> Verification:
    """Re-compute every hash of a log and every digest of the files it names, and look for its end.

    Raises
    ------
    InvalidInput
        The folder holds no case.
    """
    path = folder / LOG
    if not path.is_file():
        raise InvalidInput("case", str(folder), f"a folder with {LOG}")
    problems: list[str] = []
    previous, kind, count = "", "", 0
    held = {"evidence": 0, "file": 0}
    for number, (record, problem) in enumerate(_read(path), start=1):
        if record is None:
            problems.append(f"record {number}: {problem}")
            previous = kind = "?"
            continue
        problems += [f"record {number}: {wrong}" for wrong in _misplaced(record, number, previous)]
        previous, kind, count = record["hash"], record["kind"], count + 1
        if _names_file(record):
            wrong = _file_problem(folder, record["kind"], record["body"])
            held[kind] += wrong is None
            problems += [f"record {number}: {wrong}"] if wrong else []
    if not count and not problems:
        problems.append("the log is empty")
    elif kind not in ("closing", "?"):
        problems.append(f"the log ends with record {count} and no closing: its tail is cut off, or it is not done")
    return Verification(
        records=count, evidence=held["evidence"], files=held["file"], head=previous.strip("?"), problems=tuple(problems)
    )


def _misplaced(record: Mapping[str, Any], number: int, previous: str) -> Iterator[str]:
    if record["id"] != str(number):
        yield f"its id is {record['id']}"
    if previous not in (record["previous"], "?"):
        yield f"it does not follow record {number - 1}"


def _names_file(record: Mapping[str, Any]) -> bool:
    return record["kind"] == "file" or (record["kind"] == "evidence" and bool(record["body"].get("kept")))


def _file_problem(folder: Path, kind: str, body: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a file that a record names: evidence lies in the case, other files beside it."""
    home = (folder if kind == "evidence" else folder / "..").resolve()
    named = str(body.get("kept" if kind == "evidence" else "path", ""))
    path = (home / named).resolve()
    what = f"evidence {body.get('name')}" if kind == "evidence" else named
    if not path.is_relative_to(home):
        return f"{what} lies outside the folder"
    if not path.is_file():
        return f"{what} is missing"
    with _told(path):
        found = sha256_of(path)
    return None if found == body.get("sha256") else f"{what} differs: {found} for {body.get('sha256')}"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(path: Path) -> Iterator[tuple[dict[str, Any] | None, str]]:
    with _told(path):
        data = path.read_bytes()
    for line in data.split(b"\n")[:-1]:
        yield _parsed(line)
    if data and not data.endswith(b"\n"):
        yield None, "the last line is torn"


def _parsed(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return a record that holds, or None and what is wrong."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None, "it is no JSON"
    if not isinstance(record, dict) or set(record) != FIELDS or not isinstance(record["body"], dict):
        return None, "its fields are not those of a record"
    try:
        canonical, computed = rfc8785.dumps(record), digest_of(record)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        return None, "it is not canonical JSON"
    if computed != record["hash"]:
        return None, f"its hash is {computed}, the record says {record['hash']}"
    return (record, "") if canonical == line else (None, "it is not written canonically")


def digest_of(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record without its hash."""
    return hashlib.sha256(rfc8785.dumps({k: v for k, v in record.items() if k != "hash"})).hexdigest()


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    """Turn what findings hold into JSON that RFC 8785 can write: NaN is null, large integers and times are text."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) <= _LARGEST_INTEGER else str(int(value))
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime | np.datetime64):
        return iso(value)
    return value if value is None or isinstance(value, str) else str(value)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn a failure of the file system into one clear line."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InvalidInput(
            "case", f"{problem.filename or path} ({reason})", "a place that can be read and written"
        ) from None
