"""The log of earlier versions: one canonical JSON record a line, each holding the digest of the one before.

It is still read and verified; what is new is written to a store, see ``case_file``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from overflight.case.case_file import OLD_LOG, told
from overflight.case.files import file_problem, names_file
from overflight.errors import InvalidInput

FIELDS = frozenset({"id", "kind", "made_at", "author", "inputs", "body", "previous", "hash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OldVerification:
    """What a re-computation of an old log found; see ``overflight.case.verify.Verification``."""

    records: int
    evidence: int
    files: int
    head: str
    problems: tuple[str, ...]


def verify(folder: Path) -> OldVerification:
    """Re-compute every hash of a log and every digest of the files it names, and look for its end.

    Raises
    ------
    InvalidInput
        The folder holds no case.
    """
    path = folder / OLD_LOG
    if not path.is_file():
        raise InvalidInput("case", str(folder), f"a folder with {OLD_LOG}")
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
        if names_file(record["kind"], record["body"]):
            wrong = file_problem(folder, record["kind"], record["body"])
            held[kind] += wrong is None
            problems += [f"record {number}: {wrong}"] if wrong else []
    if not count and not problems:
        problems.append("the log is empty")
    elif kind not in ("closing", "?"):
        problems.append(f"the log ends with record {count} and no closing: its tail is cut off, or it is not done")
    return OldVerification(
        records=count, evidence=held["evidence"], files=held["file"], head=previous.strip("?"), problems=tuple(problems)
    )


def _misplaced(record: Mapping[str, Any], number: int, previous: str) -> Iterator[str]:
    if record["id"] != str(number):
        yield f"its id is {record['id']}"
    if previous not in (record["previous"], "?"):
        yield f"it does not follow record {number - 1}"


def _read(path: Path) -> Iterator[tuple[dict[str, Any] | None, str]]:
    with told(path):
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
