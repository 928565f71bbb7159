"""``overflight demo``."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.investigate import finish
from overflight.cli.options import Json, command_line, counted, mirrors
from overflight.cli.screen import stages
from overflight.errors import InvalidInput

DEMO_SEED = 7


def demo(
    which: Annotated[Literal["shab12v", "february-2023"], Parameter(help="The case.")] = "shab12v",
    /,
    *,
    case: Annotated[Path | None, Parameter(help="Folder to write; incident-shab12v or the like if not given.")] = None,
    seed: Annotated[int, counted("Seed of the random draws.", 0, 2**63 - 1)] = DEMO_SEED,
    winds: Annotated[str | None, Parameter(help="Winds for february-2023, instead of fetching them.")] = None,
    open_: Annotated[bool, Parameter(name="--open", help="Open the report in a browser, on a desktop.")] = True,
    json: Json = False,
) -> None:
    """Investigate a real case: SHAB12V, whose truth is withheld and then shown, or the balloon of February 2023."""
    from overflight.case import demo as demos

    folder = case or Path(f"incident-{which}")
    command = command_line("demo", which, seed=seed, winds=winds)
    if which == "february-2023":
        found = demos.february_2023(folder, seed=seed, winds=winds, config=mirrors(), command=command,
                                    progress=stages())  # fmt: skip
    elif winds is not None:
        raise InvalidInput("--winds", winds, "none: shab12v flies in the wind of its sister balloon")
    else:
        found = demos.shab12v(folder, seed=seed, command=command, progress=stages())
    finish(found, json)
    if open_ and not json and _has_desktop():
        webbrowser.open((folder / "report.html").resolve().as_uri())


def _has_desktop() -> bool:
    desktop = sys.platform == "darwin" or any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY"))
    return desktop and sys.stdout.isatty()
