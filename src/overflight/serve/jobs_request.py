"""A request of a job: its body read, its files put down, its input summed up in one digest."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overflight import __version__
from overflight.case.canonical import canonical, parsed, plain
from overflight.errors import InvalidInput
from overflight.serve.jobs_verbs import VERBS, Asked, checked, verb_of
from overflight.serve.multipart import parts_of
from overflight.serve.problems import Refusal
from overflight.serve.winds_at_hand import signature

MOST_FILES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request holds.

    Attributes
    ----------
    options : by name.
    files : contents by the names that are safe on a disk.
    taken : files of other jobs, JOB/NAME.
    """

    options: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    taken: tuple[str, ...] = ()


def read_body(body: bytes, content_type: str) -> Body:
    """Read a body: ``multipart/form-data`` with a part ``options`` and files, or JSON.

    Raises
    ------
    InvalidInput
        It is neither, or not well formed.
    Refusal
        It is of another type.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _of_parts(body, content_type)
    if kind not in ("application/json", ""):
        raise Refusal(415, f"Content-Type: got {kind!r}, expected multipart/form-data or application/json")
    data = parsed(body or b"{}", "body")
    if not isinstance(data, dict) or set(data) - {"options", "files", "from"}:
        raise InvalidInput("body", "other JSON", "an object of options, files and from")
    files = data.get("files", {})
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise InvalidInput("files", "another form", "an object of names and texts")
    return _named(data.get("options", {}), {n: text.encode("utf-8", "replace") for n, text in files.items()},
                  data.get("from", []))  # fmt: skip


def _of_parts(body: bytes, content_type: str) -> Body:
    options: Any = {}
    taken: Any = []
    files: dict[str, bytes] = {}
    for part in parts_of(body, content_type):
        if part.name == "options":
            options = parsed(part.data, "options")
        elif part.name == "from":
            taken = parsed(part.data, "from")
        elif part.filename is None:
            raise InvalidInput("body", f"a part named {part.name!r}", "options, from, or files")
        elif part.filename in files:
            raise InvalidInput("files", f"{part.filename!r} twice", "files of different names")
        else:
            files[part.filename] = part.data
    return _named(options, files, taken)


def _named(options: Any, files: Mapping[str, bytes], taken: Any) -> Body:
    """Give files names that are safe on a disk, and use these in the options too."""
    if not isinstance(options, dict):
        raise InvalidInput("options", type(options).__name__, "an object")
    if not isinstance(taken, list) or not all(isinstance(one, str) and "/" in one for one in taken):
        raise InvalidInput("from", "another form", "a list of JOB/NAME")
    if len(files) + len(taken) > MOST_FILES:
        raise InvalidInput("files", f"{len(files) + len(taken)}", f"at most {MOST_FILES}")
    safe: dict[str, str] = {}
    for name in files:
        safe[name] = _other(safe_name(name), set(safe.values()))
    texts = {key: safe.get(value, value) if isinstance(value, str) else value for key, value in options.items()}
    return Body(options=texts, files={safe[name]: data for name, data in files.items()}, taken=tuple(taken))


def safe_name(name: str) -> str:
    """Return a name that is one on every disk, near the one that came."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[^\w.-]", "_", last).lstrip(".-") or "file"
    stem, dot, suffix = clean.rpartition(".")
    return f"{stem[:40]}.{suffix[:10]}" if dot and stem else clean[:40]


def _other(name: str, used: set[str]) -> str:
    number, found = 2, name
    while found in used:
        found, number = f"{number}-{name}", number + 1
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A request whose files lie in the folder of its job."""

    asked: Asked
    digest: str


def put_down(verb: str, body: Body, folder: Path, root: Path, *, winds: str, case: str = "") -> Put:
    """Check a request, write its files below ``folder``, and sum it up.

    Parameters
    ----------
    root : the service's folder, for files of other jobs.
    winds : of the service, for a request that names none.
    case : state of the case of a report.

    Raises
    ------
    InvalidInput, Refusal
        It does not hold.
    """
    verb_of(verb)
    sources = {_other(safe_name(one.rpartition("/")[2]), set(body.files)): made_by(root, one) for one in body.taken}
    asked = checked(verb, body.options, (*body.files, *sources))
    into = folder / "input"
    into.mkdir(mode=0o700, parents=True)
    for name, data in body.files.items():
        (into / name).write_bytes(data)
    for name, source in sources.items():
        _link(source, into / name)
    listed = {path.name: _sha256(path) for path in sorted(into.iterdir())}
    return Put(asked=asked, digest=_digest(asked, listed, winds, case))


def _digest(asked: Asked, files: Mapping[str, str], winds: str, case: str) -> str:
    used = str(asked.options.get("winds", winds if asked.verb != "track" else ""))
    has = used and "winds" in VERBS[asked.verb].options and used not in files
    state = signature(used) if has else ""
    options = {key: value for key, value in asked.options.items() if key != "winds"} | {"winds": used}
    what = {"version": __version__, "verb": asked.verb, "options": options, "output": asked.output, "case": case,
            "order": list(asked.files), "files": dict(files), "winds": state, "of": asked.case}  # fmt: skip
    return hashlib.sha256(canonical(plain(what))).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, target)


def made_by(root: Path, what: str) -> Path:
    """Return the file that a job has made, by JOB/NAME.

    Raises
    ------
    Refusal
        There is none.
    """
    job, _, name = what.partition("/")
    path = files_of(root / "jobs" / job).get(name) if re.fullmatch(r"[0-9a-f]{20}", job) else None
    if path is None:
        raise Refusal(404, f"from: got {what[:80]!r}, expected JOB/NAME of a file that a job has made")
    return path


def files_of(folder: Path) -> dict[str, Path]:
    """Return what a job has made, by name; an incident's own store is not handed out."""
    output = folder / "output"
    found = sorted(output.rglob("*")) if output.is_dir() else []
    names = {path.relative_to(output).as_posix(): path for path in found if path.is_file() and not path.is_symlink()}
    return {n: p for n, p in names.items() if not any(part in ("case", ".part") for part in n.split("/")[:-1])}
