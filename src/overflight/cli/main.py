"""The command ``overflight``: its verbs, its configuration, and how errors reach a person.

Verbs are named by import path, so that ``--help`` imports none of them.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import cyclopts
from cyclopts.config import Env, Toml

from overflight import __version__
from overflight.errors import InvalidInput, OverflightError, one_line

CONFIG = "overflight.toml"
VERBS = {
    "investigate": "From sightings and winds to an incident folder with a report.",
    "demo": "Investigate a real case from data that is shipped.",
    "forecast": "Follow a balloon on in time.",
    "hindcast": "Follow a balloon back in time.",
    "launch": "Predict a flight: ascent, burst and descent, or float.",
    "airspace": "List the countries that a track or an ensemble crossed.",
}
GROUPS = {
    "winds": ("Fetch, list and look into winds.", {
        "fetch": "Fetch winds into the local store.",
        "list": "List what the local store holds; --prune frees it.",
        "info": "Say what a file or stored source of winds holds.",
    }),
    "case": ("Check an incident's log.", {"verify": "Re-compute the whole log and say what differs."}),
}  # fmt: skip


def application() -> cyclopts.App:
    """Return the command with its verbs, none of them imported yet."""
    configs = [Toml(path, must_exist=False, search_parents=False) for path in config_files() if _is_sound(path)]
    app = cyclopts.App(
        name="overflight",
        help="Where a high-altitude balloon went, over whom, and how sure one can be.",
        version=f"overflight {__version__}",
        config=(*configs, Env("OVERFLIGHT_", command=True)),
    )
    for verb, text in VERBS.items():
        app.command(f"overflight.cli.{verb}:{verb}", name=verb, help=text)
    for group, (text, verbs) in GROUPS.items():
        sub = cyclopts.App(name=group, help=text)
        for verb, line in verbs.items():
            sub.command(f"overflight.cli.{group}:{verb}_", name=verb, help=line)
        app.command(sub)
    app.register_install_completion_command()
    return app


def config_files() -> list[Path]:
    """Return the configuration files in the order of their weight: here, then the user's own."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return [Path.cwd() / CONFIG, Path(home) / "overflight" / CONFIG]


def _is_sound(path: Path) -> bool:
    """Return whether a configuration file is there; refuse one that is no TOML."""
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as problem:
        raise InvalidInput("configuration", str(problem), "TOML, a table a verb", path.name) from None
    return True


def run(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    sys.exit(main(sys.argv[1:] if argv is None else argv))


def main(argv: Sequence[str]) -> int:
    """Run the command; return its exit code. Every failure is one line on standard error."""
    try:
        application()(list(argv), exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as problem:
        return _fail(str(problem), 2)
    except OverflightError as problem:
        return _fail(str(problem), problem.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command resumes", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:
        if os.environ.get("OVERFLIGHT_DEBUG"):
            raise
        text = f"unexpected {type(problem).__name__}: {problem}; set OVERFLIGHT_DEBUG=1 for the whole story"
        return _fail(text, 1)
    return 0


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"overflight: {one_line(text)}\n")
    return code
