"""The verbs that run as jobs: which options each takes from the network, and what it writes.

Only what stands here reaches a command line. Files are those that came with the request or that another job made;
no option names a path of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from overflight.errors import InvalidInput, one_line

Kind = Literal["text", "number", "flag", "switch", "file", "file or text", "winds", "texts"]
"""A ``switch`` is on or off, a ``flag`` given or not; of ``texts`` there may be several."""
LONGEST = 500
WINDS_NAME = re.compile(r"(gfs|gefs|era5|ecmwf)(-[a-z0-9]{1,8})?")
_READ: dict[str, Kind] = {"format": "text", "errors": "texts", "assume-utc": "flag", "object": "text"}
_FLOAT: dict[str, Kind] = {
    "winds": "winds", "time": "text", "lat": "number", "lon": "number", "pressure": "number", "altitude": "number",
    "density": "number", "hours": "number", "members": "number", "position-sd-km": "number", "seed": "number",
    "step": "number", "every": "number", "method": "text", "wind-error": "switch", "steady": "flag",
}  # fmt: skip
_TRAJECTORIES = ("nc", "geojson", "kml", "csv", "parquet", "png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A verb as a job.

    Attributes
    ----------
    files : how many files it takes beside its options, at least and at most.
    options : what it takes, by name.
    formats : suffixes of the file that it writes, the usual one first; none where it writes a folder.
    name : of that file, without suffix.
    """

    files: tuple[int, int]
    options: Mapping[str, Kind]
    formats: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A checked request of a job.

    Attributes
    ----------
    verb : name of the verb.
    options : as they came, by the names of the command line.
    output : suffix of what it writes.
    files : names of the files that it takes, in order.
    case : the case of a report.
    """

    verb: str
    options: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    files: tuple[str, ...] = ()
    case: str = ""


VERBS: Mapping[str, Verb] = {
    "forecast": Verb(files=(0, 0), options=_FLOAT, formats=_TRAJECTORIES, name="forecast"),
    "hindcast": Verb(files=(0, 0), options=_FLOAT, formats=_TRAJECTORIES, name="hindcast"),
    "airspace": Verb(
        files=(1, 1), formats=("geojson", "csv", "parquet", "json", "png"), name="ledger",
        options={"by": "text", "view": "text", "floor": "number", "ceiling": "number", "regions": "file or text",
                 "at-least": "number"},
    ),
    "drift-test": Verb(
        files=(1, 50), formats=("json", "png", "svg"), name="drift-test",
        options={"winds": "winds", "level": "text", "real-flights": "file", "simulated": "number", "detail": "switch",
                 "seed": "number", **_READ},
    ),
    "track": Verb(
        files=(1, 50), formats=("geojson", "csv", "json", "nc", "kml", "parquet", "png", "svg"), name="track",
        options={"winds": "winds", "members": "number", "hours-before": "number", "hours-after": "number",
                 "seed": "number", **_READ},
    ),
    "origin": Verb(
        files=(1, 50), formats=("geojson", "csv", "json", "png"), name="origin",
        options={"winds": "winds", "hours-back": "number", "members": "number", "sites": "file", "prior": "text",
                 "level": "text", "check": "switch", "seed": "number", **_READ},
    ),
    "identify": Verb(
        files=(1, 50), formats=("json", "csv", "png"), name="identify",
        options={"winds": "winds", "candidates": "file", "stations": "text", "completeness": "text",
                 "base-rate": "number", "base-source": "text", "members": "number", "seed": "number",
                 "steady": "flag", **_READ},
    ),
    "recover": Verb(
        files=(1, 50), formats=("geojson", "kml", "csv", "parquet", "png", "json"), name="landing",
        options={"event": "text", "time": "text", "time-error": "number", "altitude": "text", "winds": "winds",
                 "state": "text", "fall-speed": "text", "drift-hours": "number", "currents": "file", "ice": "file",
                 "depth": "file or text", "members": "number", "wind-error": "switch", "steady": "flag",
                 "seed": "number", **_READ},
    ),
    "investigate": Verb(
        files=(1, 50),
        options={"winds": "winds", "seed": "number", "members": "number", "hours-back": "number",
                 "hours-ahead": "number", "candidates": "file", "stations": "text", **_READ},
    ),
    "report": Verb(files=(0, 0), options={"language": "text"}, formats=("html", "pdf"), name="report"),
    "notify": Verb(
        files=(1, 1), formats=("txt", "xml", "geojson", "kml", "czml", "json"), name="notice",
        options={"kind": "text", "tell": "number", "id": "text", "class": "text", "description": "text",
                 "transponder": "text", "operator": "text", "phone": "text", "site": "text", "launch-time": "text",
                 "balloons": "number", "interval": "text", "at": "text", "reason": "text", "refers-to": "text",
                 "sender": "text", "sent": "text", "status": "text", "incomplete": "flag", "view": "text"},
    ),
}  # fmt: skip


def verb_of(name: str) -> Verb:
    """Return a verb.

    Raises
    ------
    InvalidInput
        It runs as no job.
    """
    if name not in VERBS:
        raise InvalidInput("verb", repr(name), f"one of {', '.join(VERBS)}")
    return VERBS[name]


def checked(name: str, options: Mapping[str, Any], names: tuple[str, ...]) -> Asked:
    """Check options and files of a request; ``names`` are those of its files, in order.

    Raises
    ------
    InvalidInput
        An option is unknown, of another kind, or names a file that has not come.
    """
    verb, given = verb_of(name), {key.replace("_", "-"): value for key, value in options.items()}
    output, case = given.pop("output", None), given.pop("case", "")
    used = set[str]()
    for key, value in given.items():
        if key not in verb.options:
            raise InvalidInput(key, "an unknown option", f"one of {', '.join((*verb.options, 'output'))}", name)
        used |= _used(key, verb.options[key], value, names)
    own = tuple(one for one in names if one not in used)
    low, high = verb.files
    if not low <= len(own) <= high:
        raise InvalidInput("files", str(len(own)), f"{low}" if low == high else f"{low} to {high}", name)
    if not isinstance(case, str) or bool(case) != (name == "report"):
        raise InvalidInput("case", repr(case), "the id of a case" if name == "report" else "no case", name)
    return Asked(verb=name, options=given, output=_output(verb, output, name), files=own, case=case)


def _output(verb: Verb, output: Any, name: str) -> str:
    if output is None:
        return verb.formats[0] if verb.formats else ""
    if output not in verb.formats:
        raise InvalidInput(
            "output", repr(output), f"one of {', '.join(verb.formats) or 'none: it writes a case'}", name
        )
    return str(output)


def _used(key: str, kind: Kind, value: Any, names: tuple[str, ...]) -> set[str]:
    """Check one option; return the names of files that it uses."""
    if kind in ("flag", "switch"):
        _require(isinstance(value, bool), key, value, "true or false")
    elif kind == "number":
        _require(isinstance(value, int | float) and not isinstance(value, bool), key, value, "a number")
    elif kind == "texts":
        listed = value if isinstance(value, list) else [value]
        _require(len(listed) <= 20, key, value, "at most 20 texts")
        for one in listed:
            _require_text(key, one)
    elif kind in ("file", "file or text", "winds"):
        return _file(key, kind, value, names)
    else:
        _require_text(key, value)
    return set()


def _file(key: str, kind: Kind, value: Any, names: tuple[str, ...]) -> set[str]:
    if isinstance(value, str) and value in names:
        return {value}
    if kind == "file or text" and isinstance(value, int | float) and not isinstance(value, bool):
        return set()
    if kind == "winds":
        known = isinstance(value, str) and WINDS_NAME.fullmatch(value)
        _require(bool(known), key, value, "gfs, gefs, era5, ecmwf, or the name of a file of the request")
    elif kind == "file":
        _require(False, key, value, "the name of a file of the request")
    else:
        plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9.-]{1,60}", value)
        _require(bool(plain), key, value, "a name, a number, or the name of a file of the request")
    return set()


def _require_text(key: str, value: Any) -> None:
    good = isinstance(value, str) and len(value) <= LONGEST and value.isprintable()
    _require(good, key, value, f"a text of at most {LONGEST} characters on one line")


def _require(good: bool, key: str, value: Any, expected: str) -> None:
    if not good:
        raise InvalidInput(key, one_line(repr(value), 80), expected)


def command(asked: Asked, *, winds: str, case: str = "") -> list[str]:
    """Return the words after ``overflight``; each value stands in one word with its option.

    Parameters
    ----------
    winds : of the service, for a verb that needs some and names none.
    case : folder of the case of a report.
    """
    verb = VERBS[asked.verb]
    words = [asked.verb, *([case] if case else []), *(f"input/{name}" for name in asked.files)]
    options = dict(asked.options)
    if "winds" in verb.options and asked.verb != "track":
        options.setdefault("winds", winds)
    for name, value in options.items():
        words += _words(name, verb.options[name], value)
    if verb.formats:
        words.append(f"--output=output/{verb.name}.{asked.output}")
    elif asked.verb == "investigate":
        words.append("--case=output/incident")
    return [*words, "--json"]


def _words(name: str, kind: Kind, value: Any) -> list[str]:
    if kind == "switch":
        return [f"--{name}" if value else f"--no-{name}"]
    if kind == "flag":
        return [f"--{name}"] if value else []
    if kind == "texts":
        return [f"--{name}={one}" for one in (value if isinstance(value, list) else [value])]
    if kind == "number" and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # JSON knows no difference between 400 and 400.0
    return [f"--{name}={value}"]
