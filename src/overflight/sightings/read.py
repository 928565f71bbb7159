"""Read files of sightings: the format is named or told from the file, several files become one reading."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path

from overflight.errors import InvalidInput
from overflight.sightings.defaults import Defaults
from overflight.sightings.formats import FORMATS, HEAD_BYTES, format_of
from overflight.sightings.merging import Held, chosen, contradictions, without_duplicates
from overflight.sightings.parsed import Parsed, Source
from overflight.sightings.sighting import EvidenceFile, Reading


def read(
    path: str | Path, format: str | None = None, *, assume_utc: bool = False,  # noqa: A002 - as pandas and xarray say
    object_label: str | Collection[str] | None = None, defaults: Defaults | None = None,
) -> Reading:  # fmt: skip
    """Read a file of sightings, or a folder of SondeHub's archive.

    Parameters
    ----------
    path : file of any format in ``FORMATS``.
    format : its name; told from the file where none is given.
    assume_utc : take times without offset as UTC; else they are refused.
    object_label : the object to take, where the file holds several; or several labels of one object.
    defaults : errors that are taken where a row states none.

    Raises
    ------
    InvalidInput
        The file cannot be read, is not of its format, holds no sound row, or holds several objects and none was chosen.
    """
    return read_all([path], format, assume_utc=assume_utc, object_label=object_label, defaults=defaults)


def read_all(
    paths: Sequence[str | Path], format: str | None = None, *, assume_utc: bool = False,  # noqa: A002
    object_label: str | Collection[str] | None = None, defaults: Defaults | None = None,
) -> Reading:  # fmt: skip
    """Read several files of sightings of one object, of one or of different formats; see ``read``.

    Each sighting keeps the sha256 of its own file. Rows that repeat a row of another file are left out and named. A
    file that names no object tells of the same one as the others.

    Raises
    ------
    InvalidInput
        As ``read``; or no file is given, or one is given twice.
    """
    files = [Path(path) for path in paths]
    if not files:
        raise InvalidInput("sightings", "no file", "at least one")
    held = _all_held(files, format, assume_utc, defaults or Defaults())
    problems = tuple(problem for one in held for problem in one.problems)
    labels = chosen(held, {object_label} if isinstance(object_label, str) else object_label)
    unique, repeated = without_duplicates([placed for one, mine in labels for placed in one.take(mine)])
    ordered = tuple(seen for _, seen in sorted(unique, key=lambda placed: placed[1].time))
    listed = tuple(file for one in held for file in one.evidence({seen.evidence_sha256 for seen in ordered}))
    settled = [one.settled(mine) for one, mine in labels]
    return Reading(
        path=listed[0].path,
        sightings=ordered,
        problems=problems,
        duplicates=(*(line for lines, _ in settled for line in lines), *repeated),
        contradictions=(*(line for _, lines in settled for line in lines), *contradictions(ordered)),
        evidence_sha256=listed[0].sha256,
        files=listed,
        passed_over=tuple(line for one in held for line in one.passed_over),
    )


def _all_held(paths: Sequence[Path], name: str | None, assume_utc: bool, defaults: Defaults) -> list[Held]:
    """Read each file; all telemetry of SondeHub together, as its files repeat each other's frames."""
    if name is not None and name not in FORMATS:
        raise InvalidInput("format", repr(name), f"one of {', '.join(FORMATS)}")
    formats = {path: name or _format(path) for path in paths}
    if len(formats) < len(paths):
        raise InvalidInput("sightings", "a file twice", "each file once")
    bulk = [path for path in paths if formats[path] == "sondehub"]
    held = []
    for path in paths:
        if path not in bulk:
            held.append(_held(path, formats[path], assume_utc, defaults))
        elif path == bulk[0]:
            telemetry = FORMATS["sondehub"].load()(bulk, assume_utc=assume_utc)
            held.append(telemetry.held(defaults, is_folder=any(one.is_dir() for one in bulk)))
    _require_different(held)
    return held


def _require_different(held: Sequence[Held]) -> None:
    seen: dict[str, Path] = {}
    for file in (file for one in held if not one.is_folder for file in one.files):
        if file.sha256 in seen:
            got = f"{file.path} and {seen[file.sha256]}, which are the same"
            raise InvalidInput("sightings", got, "each file once")
        seen[file.sha256] = file.path


def _format(path: Path) -> str:
    head = _head(path)
    return "sondehub" if head is None else format_of(path.name, head)


def _held(path: Path, name: str, assume_utc: bool, defaults: Defaults) -> Held:
    form = FORMATS[name]
    raw = _bytes(path, form.most_bytes)
    digest = hashlib.sha256(raw).hexdigest()
    data = _unpacked(raw, form.most_bytes, path.name)
    source = Source(name=path.name, data=data, digest=digest, assume_utc=assume_utc, defaults=defaults)
    parsed: Parsed = form.load()(source)
    if not parsed.rows:
        none = InvalidInput("sightings", "no rows", "at least one", path.name)
        raise parsed.problems[0].as_error() if parsed.problems else none
    return Held(
        files=(EvidenceFile(path=path, sha256=digest, format=name),),
        labels=tuple(sorted({seen.object_label for _, seen in parsed.rows})),
        take=lambda labels: [(f"{path.name}:{row}", seen) for row, seen in parsed.rows if seen.object_label in labels],
        problems=parsed.problems,
        passed_over=tuple(f"{count:,} {what} in {path.name}" for what, count in parsed.passed_over.items() if count),
    )


def _head(path: Path) -> bytes | None:
    """Return the first bytes, unpacked where they are compressed by gzip; None for a folder."""
    try:
        if path.is_dir():
            return None
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from None
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head


def _bytes(path: Path, most: int) -> bytes:
    if path.is_dir():
        raise InvalidInput("sightings", f"the folder {path}", "a file of sightings")
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from None
    if len(data) > most:
        raise InvalidInput("sightings", f"over {most >> 20} MiB", "a smaller table", path.name, "split the file")
    return data


def _unpacked(data: bytes, most: int, name: str) -> bytes:
    """Unpack what is compressed by gzip."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpack = zlib.decompressobj(wbits=31)
    try:
        plain = unpack.decompress(data, most + 1)
    except zlib.error as problem:
        raise InvalidInput("gzip", f"broken bytes ({problem})", "a whole file", name) from None
    if len(plain) > most:
        raise InvalidInput("sightings", f"over {most >> 20} MiB unpacked", "a smaller file", name, "split the file")
    if not unpack.eof:
        raise InvalidInput("gzip", "a file that breaks off", "a whole file", name)
    return plain


def _unreadable(path: Path, problem: Exception) -> InvalidInput:
    reason = getattr(problem, "strerror", None) or str(problem)
    return InvalidInput("sightings", f"{str(path)!r} ({reason})", "a file of sightings that can be read")
