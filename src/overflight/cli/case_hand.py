"""``overflight case`` export, import, prov and crate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.case_options import Folder, case_folder, write_or_say
from overflight.cli.options import Json, Output
from overflight.cli.screen import say, say_json


def export_(
    folder: Folder,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="File to write; its name ends in .ovf.")],
    *,
    json: Json = False,
) -> None:
    """Write a case, with its evidence and files, to one file to hand over; the same case gives the same bytes."""
    from overflight.case.archive import SUFFIX, write_archive
    from overflight.case.canonical import sha256_of
    from overflight.case.placing import require_place

    require_place(output, (SUFFIX,))
    write_archive(case_folder(folder), output)
    digest = sha256_of(output)
    say_json({"file": str(output), "sha256": digest}) if json else say(f"written: {output}, sha256 {digest}")


def import_(
    file: Annotated[Path, Parameter(help="A file that case export wrote.")],
    folder: Annotated[Path, Parameter(help="Folder to make.")],
    *,
    json: Json = False,
) -> None:
    """Make an incident's folder from its one file, and verify it."""
    from overflight.case.archive import read_archive

    found = read_archive(file, folder)
    say_json(asdict(found)) if json else say(str(found))


def prov_(folder: Folder, *, output: Output = None) -> None:
    """Write where everything in a case comes from, as W3C PROV (PROV-JSON)."""
    from overflight.case.case_file import Case
    from overflight.case.prov import to_prov

    with Case.open(case_folder(folder)) as case:
        found = to_prov(case)
    write_or_say(found, output)


def crate_(folder: Folder, *, json: Json = False) -> None:
    """Make an incident's folder an RO-Crate: write its ro-crate-metadata.json."""
    from overflight.case.case_file import Case
    from overflight.case.crate import NAME, to_crate
    from overflight.case.export import write_json

    with Case.open(case_folder(folder)) as case:
        found = to_crate(case, folder)
    if json:
        say_json(found)
        return
    write_json(found, folder / NAME)
    say(f"written: {folder / NAME}")
