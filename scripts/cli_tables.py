"""Write the tables of options in docs/reference/cli.md from the command itself; ``--check`` only compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from overflight.cli.main import application

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
BLOCK = re.compile(r"(<!-- options of ([a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(verb: str) -> str:
    app: Any = application()
    for word in verb.split():
        app = app[word]
    rows = ["| option | means | if not given |", "|---|---|---|"]
    rows += [row(argument) for argument in app.assemble_argument_collection() if argument.show]
    return "\n".join(rows) + "\n"


def row(argument: Any) -> str:
    names = argument.names if argument.field_info.is_keyword_only else (argument.name.lstrip("-").upper(),)
    about = (argument.parameter.help or "").replace("|", "\\|")
    choices = argument.get_choices()
    if choices:
        about = f"{about.rstrip('.')}: {', '.join(f'`{choice}`' for choice in choices)}."
    return f"| {', '.join(f'`{name}`' for name in names)} | {about} | {default(argument)} |"


def default(argument: Any) -> str:
    if argument.required:
        return "required"
    value = argument.field_info.default
    if value in (None, False, (), ""):
        return ""
    return "on" if value is True else f"`{value}`"


def main() -> int:
    old = PAGE.read_text(encoding="utf-8")
    new = BLOCK.sub(lambda block: f"{block[1]}{table(block[2])}{block[3]}", old)
    if "--check" in sys.argv[1:]:
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
