"""Take the one data file out of a zip archive, with what belongs to it."""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from overflight.errors import InvalidInput, one_line

MOST_BYTES = 4 << 30
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, KeyError,
           struct.error)  # fmt: skip


@contextlib.contextmanager
def unpacked(path: Path, suffixes: Collection[str], layer: str | None) -> Iterator[tuple[Path, str]]:
    """Yield the data file in an archive, unpacked, and the version that a ``.VERSION.txt`` beside it states.

    Parameters
    ----------
    suffixes : of the formats that can be read.
    layer : the file's name without suffix, where there are several.

    Raises
    ------
    InvalidInput
        The archive is broken, too large, or holds none or several.
    """
    with tempfile.TemporaryDirectory(prefix="overflight-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                chosen = _chosen(archive.namelist(), suffixes, layer, path.name)
                for member in archive.infolist():
                    if _stem(member.filename) == _stem(chosen):
                        _take(archive, member, Path(folder), path.name)
        except _BROKEN as problem:
            got = one_line(f"a zip file that is broken ({problem})", 160)
            raise InvalidInput("zip", got, "a whole one", path.name) from None
        yield Path(folder) / PurePosixPath(chosen).name, _version(Path(folder))


def _chosen(names: list[str], suffixes: Collection[str], layer: str | None, archive: str) -> str:
    found = [name for name in names if PurePosixPath(name).suffix.lower() in suffixes and "__MACOSX" not in name]
    if layer is not None and any(_stem(name) == layer for name in found):
        found = [name for name in found if _stem(name) == layer]
    if len(found) != 1:
        got = f"{len(found)} files of areas in it" + (f": {', '.join(map(_stem, found))}" if found else "")
        raise InvalidInput("zip", got, "one, or its name as the layer", archive)
    return found[0]


def _stem(name: str) -> str:
    return PurePosixPath(name).name.partition(".")[0]


def _take(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, name: str) -> None:
    if member.file_size > MOST_BYTES:
        raise InvalidInput("zip", f"over {MOST_BYTES >> 30} GiB in it", "a smaller file", name)
    left = MOST_BYTES
    with archive.open(member) as stream, (folder / PurePosixPath(member.filename).name).open("wb") as out:
        while chunk := stream.read(min(1 << 20, left)):
            left -= len(chunk)
            out.write(chunk)


def _version(folder: Path) -> str:
    stated = sorted(folder.glob("*.VERSION.txt"))
    return one_line(stated[0].read_text(encoding="utf-8", errors="replace"), 40) if stated else ""
