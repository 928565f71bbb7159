"""``overflight backup``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import say, say_json


def backup(
    store: Annotated[Path, Parameter(help="Folder of the service.")],
    file: Annotated[Path, Parameter(help="File to write, as backup.tar.gz.")],
    *,
    json: Json = False,
) -> None:
    """Write everything that a service keeps to one file; the service may run meanwhile."""
    from overflight.serve.backup import backup as run

    found = run(store, file)
    say_json(asdict(found)) if json else say(f"written: {file}, {found}")
