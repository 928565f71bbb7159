"""The command ``overflight``: its verbs, and how errors and signals reach a person.

Verbs are named by import path, so that ``--help`` imports none of them.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from overflight import __version__
from overflight.cli import screen
from overflight.errors import OverflightError

if TYPE_CHECKING:
    import cyclopts

VERBS = {
    "investigate": "From sightings and winds to an incident folder with a report.",
    "demo": "Investigate a real case from data that is shipped.",
    "track": "Say where it was between its sightings, and how sure one can be.",
    "drift-test": "Say whether the winds alone explain a track.",
    "origin": "Find where and when it was launched.",
    "identify": "Match sightings against known flights and launches.",
    "forecast": "Follow a balloon on in time.",
    "hindcast": "Follow a balloon back in time.",
    "launch": "Predict a flight: ascent, burst and descent, or float.",
    "report": "Write a case as a report to read and to print.",
    "exposure": "Say which countries unsteered balloons of many places, altitudes and dates cross.",
    "airspace": "List the countries that a track or an ensemble crossed; fetch and list regions.",
    "notify": "Write a notice of a balloon, and say who is to be told.",
    "recover": "Say where the remains came down, and where they drifted or sank.",
    "serve": "Serve the API, the map and live balloons.",
    "watch": "Follow the alerts of a server: what is likely to pass over where, and when.",
    "backup": "Write everything that a service keeps to one file.",
    "restore": "Make the folder of a service from a backup.",
}
GROUPS = {
    "winds": ("Fetch, list and look into winds.", {
        "fetch": "Fetch winds into the local store.",
        "list": "List what the local store holds; --prune frees it.",
        "info": "Say what a file or stored source of winds holds.",
    }),
    "airspace": ("", {
        "fetch": "Fetch regions into the local store: FIRs, countries, territorial seas.",
        "list": "List the layers of regions that are at hand.",
    }),
    "recover": ("Follow a descent, plan a search for the remains, and learn from one.", {
        "live": "Follow a descent frame by frame: where it will land.",
        "plan": "Plan a search: where to look how thickly, and legs from base and back.",
        "update": "Say where it is, after searches that did not find it.",
    }),
    "watch": ("", {
        "rules": "List the rules of a server.",
        "add": "Add a rule: about which balloons and regions to be told, and whereto.",
        "remove": "Remove a rule.",
    }),
    "serve": ("", {
        "token": "Make a token, for a role.",
        "tokens": "List the tokens of a service.",
        "revoke": "Take a token back.",
    }),
    "case": ("Keep an incident's record, sign it, check it, hand it over.", {
        "new": "Open a case.",
        "add": "Add evidence, and the sightings in it.",
        "state": "Record what somebody said.",
        "claim": "Record what of a statement can be checked.",
        "correct": "Correct a record; it stays.",
        "redact": "Take the body of a record out; its digest stays.",
        "close": "Close a case.",
        "list": "List the records of a case.",
        "show": "Show a record.",
        "weigh": "Set each claim beside the findings that bear on it.",
        "verify": "Re-compute the whole log and say what differs.",
        "keys": "Make and show keys; name, rotate and revoke them in a case.",
        "sign": "Sign the log as it is now.",
        "stamp": "Let a time-stamping authority stamp the log.",
        "prove": "Write a record with the proof that it is in the signed log.",
        "check-proof": "Check a proof with a party's public key.",
        "export": "Write a case to one file to hand over.",
        "import": "Make an incident's folder from its one file.",
        "prov": "Write where everything comes from, as W3C PROV.",
        "crate": "Make an incident's folder an RO-Crate.",
    }),
    "line": ("Exchange signed messages with parties that one need not trust.", {
        "init": "Make a line: its log, and a key.",
        "trust": "Name another party, by its key.",
        "send": "Write a message; it goes out when the party can be reached.",
        "answer": "Answer a query.",
        "outbox": "List what was sent, and what of it was acknowledged.",
        "send-now": "Deliver what waits.",
        "inbox": "List what came, or show one message.",
        "status": "Say what is open: queries without an answer, messages not acknowledged, forks.",
        "serve": "Receive messages over HTTP, and deliver what waits.",
        "export": "Write what a party lacks as a file, for mail or disk.",
        "import": "Take what a party exported.",
        "rotate": "Take a new key, and tell all parties.",
        "revoke": "Trust the key of a party no more.",
    }),
}  # fmt: skip
COMPLETION = {
    "install_completion": "Install completion for bash, zsh or fish.",
    "show_completion": "Print the completion script of a shell.",
}
ABOUT = """Where a high-altitude balloon went, over whom, and how sure one can be.

Every option can stand in overflight.toml, in a table a verb, or in the environment, as OVERFLIGHT_FORECAST_MEMBERS.
"""
INTERRUPTED = "interrupted; no file was left half-written, the same command starts again"
OUT_OF_MEMORY = "memory: got a run too large for this machine, expected a smaller one; try fewer members or hours"


def application() -> cyclopts.App:
    """Return the command with its verbs, none of them imported yet."""
    import cyclopts

    from overflight.cli import config

    app = cyclopts.App(
        name="overflight",
        help=ABOUT,
        version=f"overflight {__version__}",
        config=config.sources(VERBS, {group: verbs for group, (_, verbs) in GROUPS.items()}),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for verb, text in VERBS.items():
        app.command("overflight.cli.{0}:{0}".format(verb.replace("-", "_")), name=verb, help=text)
    for group, (text, verbs) in GROUPS.items():
        sub = app[group] if group in VERBS else cyclopts.App(name=group, help=text)  # a verb may have verbs of its own
        for verb, line in verbs.items():
            sub.command(f"overflight.cli.{group}:{verb.replace('-', '_')}_", name=verb, help=line)
        if group not in VERBS:
            app.command(sub)
    for verb, text in COMPLETION.items():
        app.command(f"overflight.cli.completion:{verb}", name=f"--{verb.replace('_', '-')}", help=text)
    return app


def run(argv: Sequence[str] | None = None) -> None:
    """Run the command as a process of its own, and exit with its code."""
    signal.signal(signal.SIGTERM, _stop)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # warnings of libraries are for those who program them
    sys.exit(main(sys.argv[1:] if argv is None else argv))


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str]) -> int:
    """Run the command; return its exit code. Every failure is one line on standard error."""
    with screen.session():
        try:
            _dispatch(list(argv))
        except (BrokenPipeError, SystemExit):  # rich leaves by SystemExit where nobody reads the help
            return 0
        except (Exception, KeyboardInterrupt) as problem:
            return screen.fail(*_failure(problem))
    return 0


def _failure(problem: BaseException) -> tuple[str, int]:
    """Return the line and the exit code of a failure."""
    if isinstance(problem, OverflightError):
        return str(problem), problem.exit_code
    if isinstance(problem, KeyboardInterrupt):
        return INTERRUPTED, 130
    if isinstance(problem, MemoryError):
        return OUT_OF_MEMORY, 2
    if isinstance(problem, OSError):
        return str(screen.refused(str(problem.filename or "standard output"), problem)), 2
    if os.environ.get("OVERFLIGHT_DEBUG"):
        raise problem
    return f"unexpected {type(problem).__name__}: {problem}; set OVERFLIGHT_DEBUG=1 for the whole story", 1


def _dispatch(argv: list[str]) -> None:
    import cyclopts

    from overflight.cli.usage import as_invalid

    try:
        application()(argv, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as problem:
        groups = {group: tuple(verbs) for group, (_, verbs) in GROUPS.items()}
        raise as_invalid(problem, {"": tuple({**VERBS, **GROUPS}), **groups}) from None
    screen.settle()
