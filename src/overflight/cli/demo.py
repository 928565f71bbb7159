"""``overflight demo``."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.investigate import finish
from overflight.cli.options import Json
from overflight.cli.screen import stages

DEMO_SEED = 7


def demo(
    which: Literal["shab12v", "february-2023"] = "shab12v",
    /,
    *,
    case: Annotated[Path | None, Parameter(help="Folder to write.")] = None,
    seed: int = DEMO_SEED,
    winds: Annotated[str | None, Parameter(help="Winds for february-2023, instead of fetching them.")] = None,
    open_: Annotated[bool, Parameter(name="--open", help="Open the report in a browser, at a terminal.")] = True,
    json: Json = False,
) -> None:
    """Investigate a real case: SHAB12V, whose truth is withheld and then shown, or the balloon of February 2023."""
    from overflight.case import demo as demos

    folder = case or Path(f"incident-{which}")
    if which == "shab12v":
        found = demos.shab12v(folder, seed=seed, progress=stages())
    else:
        found = demos.february_2023(folder, seed=seed, winds=winds, config=mirrors(), progress=stages())
    finish(found, json)
    if open_ and not json and sys.stdout.isatty():
        webbrowser.open((folder / "report.html").resolve().as_uri())


def mirrors() -> dict[str, str]:
    """Return the mirrors that the environment names."""
    from overflight.winds.request import SOURCES

    return {
        n: os.environ[f"OVERFLIGHT_{n.upper()}_URL"] for n in SOURCES if os.environ.get(f"OVERFLIGHT_{n.upper()}_URL")
    }
