"""``overflight case``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import say, say_json


def verify_(
    folder: Annotated[Path, Parameter(help="An incident folder, or the case folder in it.")], *, json: Json = False
) -> None:
    """Re-compute every hash of an incident's log; exit code 1 where anything differs."""
    from overflight.case.log import LOG, verify

    inside = folder / "case"
    found = verify(inside if (inside / LOG).is_file() else folder)
    if json:
        say_json({"records": found.records, "evidence": found.evidence, "problems": found.problems})
    elif not found.problems:
        say(str(found))
    found.or_raise()
