"""Get a source's file from its address or from disk, read it, and keep it as a layer."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from overflight.airspace.sources.features import SUFFIXES, suffix_of
from overflight.airspace.sources.fir import read_firs
from overflight.airspace.sources.layers import Layer, install, kept, named, root
from overflight.airspace.sources.marine_regions import read_marine_regions
from overflight.airspace.sources.natural_earth import read_natural_earth
from overflight.airspace.sources.user import Naming, Read
from overflight.errors import InvalidInput, Unavailable
from overflight.winds.files import StoreBroken, locked, sha256
from overflight.winds.sources.http import Client, Span
from overflight.winds.sources.ranged import append

Progress = Callable[[int, int], None]

PART = "file.part"
DOWNLOADS = "https://www.marineregions.org/downloads.php"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A source whose files are known.

    Attributes
    ----------
    read : its reader.
    url : where its file lies; "" where it has to be asked for by a form.
    elsewhere : what to do where the address gives nothing.
    """

    read: Callable[..., Read]
    url: str
    elsewhere: str


SOURCES = {
    "fir": Known(
        read=read_firs,
        url="https://raw.githubusercontent.com/vatsimnetwork/vatspy-data-project/master/Boundaries.geojson",
        elsewhere="give a mirror with --url or OVERFLIGHT_FIR_URL, or a file with --from FILE",
    ),
    "natural-earth": Known(
        read=read_natural_earth,
        url="https://naciscdn.org/naturalearth/10m/cultural/ne_10m_admin_0_countries.zip",
        elsewhere="give a mirror with --url or OVERFLIGHT_NATURAL_EARTH_URL, or a file with --from FILE",
    ),
    "marine-regions": Known(
        read=read_marine_regions,
        url="",
        elsewhere=f"fill in the form at {DOWNLOADS}, take Territorial Seas (12NM) as GeoPackage or shapefile, and give "
        "the zip file with --from FILE",
    ),
}


def fetch(
    source: str,
    *,
    url: str = "",
    file: Path | None = None,
    name: str = "",
    naming: Naming | None = None,
    client: Client | None = None,
    progress: Progress | None = None,
) -> Layer:
    """Bring a source's regions into the store, so that `find_layer` knows them by name.

    A download that broke goes on where it was, if the server's file is still the same one.

    Parameters
    ----------
    source : one of ``SOURCES``.
    url : an address instead of the source's own.
    file : a file on disk; nothing is downloaded.
    name : of the layer; the source's where not given.
    naming : layer of the file, source, version, licence.
    client : retries and timeouts.
    progress : called with bytes that came and bytes in all.

    Raises
    ------
    InvalidInput
        The source or name is not known, or the file on disk is not sound.
    Unavailable
        The address gives nothing, or something else; the store cannot be written.
    Interrupted
        The same call resumes.
    """
    if source not in SOURCES:
        raise InvalidInput("source", repr(source), f"one of {', '.join(SOURCES)}")
    if url and file is not None:
        raise InvalidInput("source", "both an address and a file", "one of them")
    known, name = SOURCES[source], named(name or source)
    if file is not None:
        return install(name, known.read(file, naming=naming), origin=str(file), sha256=sha256(file))
    address = url or known.url
    if not address:
        raise Unavailable(f"{source}: has no address that gives its files; {known.elsewhere}")
    folder = root() / f"{name}.download"
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with client or Client(timeout_s=60.0) as http, locked(folder, http.stop.is_set, guard=kept):
        try:
            layer = _fetched(known, address, folder, name, naming, http, progress)
        except StoreBroken:
            raise
        except Unavailable as problem:
            with contextlib.suppress(OSError):
                folder.rmdir()  # unless a part lies in it, to go on from
            raise Unavailable(f"{problem}; {known.elsewhere}") from None
        except InvalidInput as problem:
            shutil.rmtree(folder, ignore_errors=True)
            raise Unavailable(f"{address}: gave something else: {problem}; {known.elsewhere}") from None
        shutil.rmtree(folder, ignore_errors=True)
    return layer


def _fetched(
    known: Known, url: str, folder: Path, name: str, naming: Naming | None, http: Client, progress: Progress | None
) -> Layer:
    resumed = _downloaded(url, folder / PART, http, progress)
    file = folder / _file_name(url, folder / PART, name)
    with kept(file):
        (folder / PART).replace(file)
    try:
        return install(name, known.read(file, naming=naming), origin=url, sha256=sha256(file))
    except InvalidInput:
        if not resumed:
            raise
    # What was there from an earlier try may be of another file than the rest.
    return _fetched(known, url, folder, name, naming, http, progress)


def _downloaded(url: str, part: Path, http: Client, progress: Progress | None) -> bool:
    """Bring a file; return whether some of it was there before."""
    size, edition = http.edition(url)
    if size is None:  # made as it is sent, as a feature service does: neither length nor ranges
        body = http.get(url)
        with kept(part):
            part.write_bytes(body)
        return False
    tell = None if progress is None else lambda done: progress(done, size)
    return append(url, [Span(0, size)], part, http, edition=edition, guard=kept, progress=tell)[1]


def _file_name(url: str, part: Path, name: str) -> str:
    """Return the file's name at its address, or the layer's with a suffix that fits what is in it."""
    own = PurePosixPath(urlsplit(url).path).name
    return own if PurePosixPath(own).suffix.lower() in SUFFIXES else f"{name}{suffix_of(part)}"
