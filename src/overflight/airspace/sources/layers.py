"""Layers of regions that are at hand by name: each one packed file, with a sidecar that says where it came from."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from overflight.airspace import pack
from overflight.airspace.arrange import arrange
from overflight.airspace.regions import Regions
from overflight.airspace.sources.user import Naming, Read, read_regions
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo.times import iso
from overflight.winds.files import guarded

log = logging.getLogger(__name__)

ENVIRONMENT = "OVERFLIGHT_REGIONS_STORE"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of the store.

    Attributes
    ----------
    name : str
    source, version, licence : of its regions.
    regions : int. How many.
    origin : str. The address or path of the file that it was made from.
    sha256 : str. Of that file.
    fetched_at : str. When, in UTC.
    file : str. The packed layer's name in the store.
    """

    name: str
    source: str
    version: str
    licence: str
    regions: int
    origin: str
    sha256: str
    fetched_at: str
    file: str

    def __str__(self) -> str:
        """Return one line."""
        about = f"{self.source}; version {self.version}; {self.licence}; fetched {self.fetched_at}"
        return f"{self.name:<16} {self.regions:>5} regions  {about}; {root() / self.file}"


def root() -> Path:
    """Return the store's folder: ``$OVERFLIGHT_REGIONS_STORE``, else ``regions`` beside the store of winds."""
    chosen = os.environ.get(ENVIRONMENT) or platformdirs.user_cache_path("overflight") / "regions"
    return Path(chosen).expanduser()


@contextlib.contextmanager
def kept(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one clear line about the store of regions."""
    with guarded(path, environment=ENVIRONMENT, prune=f"free some of {path.parent}"):
        yield


def named(name: str) -> str:
    """Return a layer's name, checked.

    Raises
    ------
    InvalidInput
        It is none that can name a file.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", repr(name), "small letters, digits and hyphens")
    return name


def layers() -> tuple[Layer, ...]:
    """Return the layers at hand. Spoiled sidecars are logged and left out."""
    folder, found = root(), []
    for sidecar in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        layer = _read(sidecar)
        if layer is None:
            log.warning("%s: a spoiled layer; fetch it again", sidecar)
        else:
            found.append(layer)
    return tuple(found)


def find_layer(name: str) -> Regions:
    """Return a layer by its name.

    Raises
    ------
    OutOfCoverage
        It is not at hand; the hint says how to get it.
    """
    layer = _read(root() / f"{named(name)}.json")
    if layer is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return pack.read(root() / layer.file)
        log.warning("%s: a spoiled layer", root() / layer.file)
    at_hand = ", ".join(other.name for other in layers()) or "none"
    hint = missing_fir_hint() if name == "fir" else f"overflight airspace fetch SOURCE --name {name}"
    raise OutOfCoverage("layers of regions", name, at_hand, hint)


def open_layer(spec: str, *, naming: Naming | None = None) -> Regions:
    """Return a layer by its name, or that of a file of the user's: what has a suffix or a folder is a file.

    Raises
    ------
    OutOfCoverage
        There is no such layer.
    InvalidInput
        The file cannot be read.
    """
    if _NAME.fullmatch(spec) and not Path(spec).is_file():
        return find_layer(spec)
    return arrange(*read_regions(spec, naming=naming))


def missing_fir_hint() -> str:
    """Say how to get flight information regions."""
    return (
        "`overflight airspace fetch fir` brings those of VATSIM (CC BY-SA 4.0, not for navigation), and "
        "`overflight airspace fetch fir --from FILE` takes others"
    )


def install(name: str, read: Read, *, origin: str, sha256: str) -> Layer:
    """Arrange and pack regions as a layer of the store; what it replaces goes once the new one is whole.

    Raises
    ------
    InvalidInput
        The name can name no file.
    StoreBroken
        The folder cannot be written.
    """
    regions, geometries = read
    folder = root()
    first = regions[0]
    layer = Layer(
        name=named(name), source=first.source, version=first.version, licence=first.licence, regions=len(regions),
        origin=origin, sha256=sha256, fetched_at=iso(datetime.now(UTC)), file=f"{name}-{sha256[:12]}.npz",
    )  # fmt: skip
    arranged = arrange(regions, geometries)
    before = _read(folder / f"{name}.json")
    with kept(folder / layer.file):
        folder.mkdir(parents=True, exist_ok=True)
        with _beside(folder / layer.file) as part, part.open("wb") as stream:
            pack.write(arranged, stream)
        with _beside(folder / f"{name}.json") as part:
            text = json.dumps(asdict(layer), indent=1, sort_keys=True, ensure_ascii=False)
            part.write_text(f"{text}\n", encoding="utf-8")
        if before is not None and before.file != layer.file:
            (folder / before.file).unlink(missing_ok=True)
    return layer


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield a file beside ``path`` that takes its place once it is written, or goes."""
    part = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _read(sidecar: Path) -> Layer | None:
    """Read a sidecar; None where there is none, it is spoiled, or its file is gone."""
    try:
        layer = Layer(**json.loads(sidecar.read_text(encoding="utf-8")))
        return layer if (sidecar.parent / layer.file).is_file() else None
    except (OSError, ValueError, TypeError):
        return None
