"""``overflight restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import say, say_json


def restore(
    file: Annotated[Path, Parameter(help="File that backup wrote.")],
    store: Annotated[Path, Parameter(help="Folder to make; it is not there yet, or empty.")],
    *,
    json: Json = False,
) -> None:
    """Make the folder of a service from a backup, all of it or nothing."""
    from overflight.serve.backup import restore as run

    found = run(file, store)
    say_json(asdict(found)) if json else say(f"restored: {store}, {found}")
