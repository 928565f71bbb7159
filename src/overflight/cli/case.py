"""``overflight case``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import say, say_json


def verify_(
    folder: Annotated[Path, Parameter(help="An incident folder, or the case folder in it.")], *, json: Json = False
) -> None:
    """Check an incident's log, and every file it names, against their hashes; exit code 1 where anything differs."""
    from overflight.case.verify import verify

    found = verify(folder)
    if json:
        say_json(asdict(found))
    elif not found.problems:
        say(str(found))
    found.or_raise()
