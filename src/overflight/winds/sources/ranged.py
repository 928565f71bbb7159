"""Fetch chosen messages of a remote GRIB file into one local file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from overflight.errors import Unavailable
from overflight.winds.files import Guard, guarded
from overflight.winds.sources.http import Client, Missing, Span
from overflight.winds.sources.index import Field, select, spans
from overflight.winds.sources.job import Job, Made
from overflight.winds.sources.messages import check_messages

Parse = Callable[[str, str], tuple[Field, ...]]


def make_grib(job: Job, part: Path, client: Client, *, index_url: Callable[[str], str], parse: Parse) -> Made:
    """Write the messages that ``job`` asks for to ``part``.

    The part is taken up where an earlier try left it, if that was cut from the same bytes of the same file.

    Raises
    ------
    Unavailable
        The index or the messages cannot be had, or are not what they should be.
    OutOfCoverage
        A level asked for is not in the file.
    """
    url, fields = _index(job, client, index_url, parse)
    chosen = select(fields, job.variables, job.levels_hpa, exact=job.exact, url=url)
    size = client.size(url) if any(field.end is None for field in chosen) else None
    if size is None and any(field.end is None for field in chosen):
        raise Unavailable(f"{url}: the server does not tell its length")
    wanted = spans(chosen, size)
    levels = tuple(sorted({field.level_hpa for field in chosen}, reverse=True))
    came, resumed = append(url, wanted, part, client)
    try:
        check_messages(part, levels_hpa=levels, valid=job.valid, url=url)
    except Unavailable:
        part.unlink()
        if not resumed:
            raise
        came += append(url, wanted, part, client)[0]
        check_messages(part, levels_hpa=levels, valid=job.valid, url=url)
    names = {field.name for field in chosen}
    variables = tuple(name for name in job.variables if name in names)
    return Made(levels_hpa=levels, variables=variables, area=None, url=url, network_bytes=came)


def _index(job: Job, client: Client, index_url: Callable[[str], str], parse: Parse) -> tuple[str, tuple[Field, ...]]:
    """Return the first URL of ``job`` that has an index, and the index."""
    for number, url in enumerate(job.urls, start=1):
        try:
            text = client.get(index_url(url)).decode("utf-8", "replace")
        except Missing:
            if number == len(job.urls):
                raise
            continue
        return url, parse(text, index_url(url))
    raise Unavailable("no URL was given")


def plan_path(part: Path) -> Path:
    """Return the file that says what a part is cut from."""
    return part.with_name(part.name + ".plan.part")


def append(
    url: str,
    wanted: Sequence[Span],
    part: Path,
    client: Client,
    *,
    edition: str = "",
    guard: Guard = guarded,
    progress: Callable[[int], None] | None = None,
) -> tuple[int, bool]:
    """Bring ``part`` to its full length; return how many bytes came, and whether it was there before.

    Parameters
    ----------
    edition : as the server marks the file; a part of another edition is begun anew.
    guard : what turns errors of the file system into one line.
    progress : called with the bytes that are there.
    """
    mark = hashlib.sha256(repr((url, wanted, edition)).encode()).hexdigest()
    note = plan_path(part)
    with guard(part):
        if not (note.exists() and note.read_text() == mark):
            part.unlink(missing_ok=True)
            note.write_text(mark)
        done = min(part.stat().st_size, sum(span.size for span in wanted)) if part.exists() else 0
        with part.open("ab") as out:
            out.truncate(done)
            came = client.copy(url, wanted, _Told(out, done, progress) if progress else out, done=done)
            out.flush()
            os.fsync(out.fileno())
    return came, done > 0


class _Told:
    """A file that tells how long it is."""

    def __init__(self, out: IO[bytes], done: int, tell: Callable[[int], None]) -> None:
        self.out, self.done, self.tell = out, done, tell

    def write(self, data: bytes, /) -> None:
        """Write, and tell."""
        self.out.write(data)
        self.done += len(data)
        self.tell(self.done)
