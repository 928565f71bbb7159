"""Record in a case where the remains may lie: a landing, and what a search that found nothing teaches of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from overflight import __version__
from overflight.case.canonical import sha256_of
from overflight.case.case_file import CASE, Case, is_case
from overflight.case.placing import placed
from overflight.case.record import Draft
from overflight.errors import InvalidInput, Tampered

RECOVERY = "recovery"
"""Name of the findings, and of their files."""


def incident_of(path: Path) -> Path | None:
    """Return the incident's folder where a path is one that holds a case, or is the case in it."""
    if is_case(path / CASE):
        return path
    return path.resolve().parent if is_case(path) else None


def digest_of_file(folder: Path, name: str) -> str:
    """Return the digest that a case recorded of a file beside it, which still holds.

    Raises
    ------
    InvalidInput
        The case records no such file.
    Tampered
        The file is another now.
    """
    with Case.open(folder / CASE) as case:
        found = [r.body["sha256"] for r in case.records("file") if r.body is not None and r.body.get("path") == name]
    if not found:
        raise InvalidInput("case", f"{folder}, which does not record {name}", "an incident folder that does")
    if not (folder / name).is_file() or sha256_of(folder / name) != found[-1]:
        raise Tampered(f"{name} differs from what the case records of it")
    return str(found[-1])


def last_density(folder: Path) -> Path:
    """Return the file of the last finding of where the remains may lie.

    Raises
    ------
    InvalidInput
        The case holds none.
    Tampered
        The file is another now.
    """
    with Case.open(folder / CASE) as case:
        bodies = [r.body for r in case.records("finding") if r.body is not None]
    names = [str(body["file"]) for body in bodies if body.get("name") == RECOVERY and body.get("file")]
    if not names:
        raise InvalidInput("case", f"{folder}, which does not say where the remains may lie", "one that does",
                           hint="overflight recover says it first")  # fmt: skip
    digest_of_file(folder, names[-1])
    return folder / names[-1]


def add_recovery(
    folder: Path, result: Mapping[str, Any], parameters: Mapping[str, Any], write: Callable[[Path], None], *,
    inputs: Sequence[str], evidence: Sequence[Path] = (),
) -> Path:  # fmt: skip
    """Write a density beside a case, and record it with its finding; return the file.

    Parameters
    ----------
    result : what was found, as plain data.
    parameters : ``command``, ``seed`` and the like; the version is added.
    write : writes the density as GeoJSON.
    inputs : digests of what it was made of.
    evidence : files that the case is to keep, as areas that were searched; they are inputs too.
    """
    path = _free(folder)
    with Case.open(folder / CASE) as case:
        kept = [case.add_evidence(file, source="area that was searched and where nothing was found")
                for file in evidence]  # fmt: skip
        placed(path, write)
        made_of = (*inputs, *kept)
        case.add_file(path, inputs=made_of)
        body = {"name": RECOVERY, "parameters": {**parameters, "version": __version__}, "result": result,
                "file": path.name}  # fmt: skip
        case.append_many([Draft(kind="finding", body=body, inputs=made_of, label=RECOVERY)])
    return path


def _free(folder: Path) -> Path:
    """Return a name that no file has: what a case records is never written over."""
    numbers = (folder / f"{RECOVERY}{'' if n == 1 else f'-{n}'}.geojson" for n in range(1, 10_000))
    return next(path for path in numbers if not path.exists())
