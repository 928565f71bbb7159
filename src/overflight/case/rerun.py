"""Compute the findings of a case again from what they say they were made of, and compare."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overflight import __version__
from overflight.case.canonical import sha256_of
from overflight.case.case_file import CASE, Case, is_case
from overflight.case.record import Record
from overflight.errors import InvalidInput, Tampered

VERBS = ("demo", "investigate", "recover")
"""Only these are run again: a case of a stranger names the command."""
REFUSED = ("--case", "-o", "--output", "--open", "--json", "--record")
SEARCHED = "--searched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What a repetition found.

    Attributes
    ----------
    findings, files : int. How many are the same again.
    problems : what is not, each with its record.
    notes : what was not compared, and why.
    """

    findings: int
    files: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def or_raise(self) -> Rerun:
        """Return it, or raise Tampered."""
        if self.problems:
            raise Tampered(str(self))
        return self

    def __str__(self) -> str:
        """Return the finding in one line."""
        same = f"{self.findings} findings and {self.files} files are the same when computed again"
        return "; ".join([*self.problems, *([] if self.problems else [same]), *self.notes])


def rerun(folder: Path, where: Path) -> Rerun:
    """Run the command that a case's findings name once more, and compare findings and files.

    Parameters
    ----------
    folder : an incident's folder, or the case in it.
    where : the folder that the command's paths start from. Sightings are taken from the case's own evidence.

    Raises
    ------
    InvalidInput
        There is no finding, or its command is none that is run again.

    Notes
    -----
    What a line found of another party, as a fork, rests on the messages in the log and not on a command: ``verify``
    checks those.
    """
    folder = folder / CASE if is_case(folder / CASE) else folder
    with Case.open(folder) as case:
        before = case.records()
    findings = [r for r in before if r.kind == "finding" and r.body is not None and "finding" not in r.body]
    commands = list(dict.fromkeys(str((r.body or {}).get("parameters", {}).get("command", "")) for r in findings))
    if not findings:
        raise InvalidInput("case", "no finding", "a case with findings to compute again")
    problems: list[str] = []
    notes: list[str] = []
    same = [0, 0]
    for command in commands:
        of_it = [r for r in findings if (r.body or {}).get("parameters", {}).get("command", "") == command]
        again = _recovered if command.startswith("overflight recover ") else _investigated
        with tempfile.TemporaryDirectory() as beside:
            places = (folder, Path(beside), where)
            arguments = _arguments(command, before, folder, Path(beside))
            for number, wrong in again(arguments, of_it, before, places):
                problems += wrong
                same[number] += not wrong
    versions = {str((r.body or {}).get("parameters", {}).get("version")) for r in findings} - {__version__}
    notes += [f"the findings are of version {version}, this is {__version__}" for version in sorted(versions)]
    return Rerun(findings=same[0], files=same[1], problems=tuple(problems), notes=tuple(notes))


def _investigated(
    arguments: list[str], findings: Sequence[Record], before: Sequence[Record], places: tuple[Path, Path, Path]
) -> Iterator[tuple[int, list[str]]]:
    """Investigate again in a folder of its own; give what differs of each finding (0) and of each file (1)."""
    folder, beside, where = places
    target = beside / "again"
    _run([*arguments, "--case", str(target)], where)
    with Case.open(target / CASE) as case:
        after = case.records()
    yield from ((0, wrong) for wrong in _compared(findings, after))
    later = {(r.body or {}).get("file") for r in before if r.kind == "finding"}
    files = [r for r in before if r.kind == "file" and r.body is not None and r.body.get("path") not in later]
    yield from ((1, wrong) for wrong in _files(files, folder.resolve().parent, target))


def _recovered(
    arguments: list[str], findings: Sequence[Record], before: Sequence[Record], places: tuple[Path, Path, Path]
) -> Iterator[tuple[int, list[str]]]:
    """Recover again, recording nothing; give what differs of each finding (0) and of its file (1)."""
    folder, beside, where = places
    for record in findings:
        body = record.body or {}
        name = str(body.get("file"))
        told = _run([*arguments, "--no-record", "--json", "--output", str(beside / name)], where)
        difference = _difference(body.get("result"), json.loads(told), "result")
        yield 0, [f"record {record.number}: {body.get('name')}: {difference}"] if difference else []
        files = [r for r in before if r.kind == "file" and r.body is not None and r.body.get("path") == name]
        yield from ((1, wrong) for wrong in _files(files, folder.resolve().parent, beside))


def _arguments(command: str, records: Sequence[Record], folder: Path, beside: Path) -> list[str]:
    """Return the command's arguments, its files those that the case keeps or that lie beside it."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if len(words) < 2 or words[0] != "overflight" or words[1] not in VERBS:
        raise InvalidInput("command", repr(command), f"overflight {' or overflight '.join(VERBS)}", str(folder))
    if any(word.split("=")[0] in REFUSED for word in words):
        raise InvalidInput("command", repr(command), "one that writes nowhere else", str(folder))
    kept = {str(r.body["name"]): folder / str(r.body["kept"]) for r in records
            if r.kind == "evidence" and r.body is not None and r.body.get("kept")}  # fmt: skip
    if words[1] == "recover":
        incident = folder.resolve().parent
        kept |= {str(r.body["path"]): incident / str(r.body["path"]) for r in records
                 if r.kind == "file" and r.body is not None}  # fmt: skip
        words[2:3] = words[2:3] if words[2] == "update" else [str(incident)]
    taken, option = words[1:2], ""
    for word in words[2:]:
        own = kept.get(Path(word).name) if option in ("", SEARCHED) else None
        if own is not None and option == SEARCHED:  # the finding names the file as it was called
            own = Path(shutil.copyfile(own, beside / Path(word).name))
        taken.append(str(own.resolve()) if own is not None else word)
        option = word if word.startswith("--") and "=" not in word else ""
    return taken


def _run(arguments: list[str], where: Path) -> str:
    done = subprocess.run(  # noqa: S603 - verbs of our own, no shell
        [sys.executable, "-m", "overflight", *arguments], cwd=where, capture_output=True, text=True, check=False
    )
    if done.returncode:
        line = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise InvalidInput("rerun", line[0].removeprefix("overflight: "), "a command that runs again",
                           hint="give the folder that its paths start from with --in DIR")  # fmt: skip
    return done.stdout


def _compared(findings: Sequence[Record], after: Sequence[Record]) -> Iterator[list[str]]:
    again = {str((r.body or {}).get("name")): r for r in after if r.kind == "finding"}
    for record in findings:
        body = record.body or {}
        other = again.get(str(body.get("name")))
        what = f"record {record.number}: {body.get('name')}"
        if other is None or other.body is None:
            yield [f"{what}: it was not found again"]
        elif record.inputs != other.inputs:
            changed = sorted(set(record.inputs) ^ set(other.inputs))
            yield [f"{what}: its inputs differ: {', '.join(digest[:16] for digest in changed)}"]
        else:
            difference = _difference(body.get("result"), other.body.get("result"), "result")
            yield [f"{what}: {difference}"] if difference else []


def _difference(old: Any, new: Any, path: str) -> str:
    """Return the first place where two findings differ, or ""."""
    if isinstance(old, dict) and isinstance(new, dict) and set(old) == set(new):
        parts = ((old[key], new[key], f"{path}.{key}") for key in old)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        parts = ((a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(old, new, strict=True)))
    else:
        return "" if old == new else f"{path} is {str(new)[:60]} when computed again, the record says {str(old)[:60]}"
    return next((text for a, b, where in parts if (text := _difference(a, b, where))), "")


def _files(records: Sequence[Record], old: Path, new: Path) -> Iterator[list[str]]:
    for record in records:
        body = record.body or {}
        name = str(body.get("path"))
        if not (new / name).is_file():
            yield [f"record {record.number}: {name} was not written again"]
        elif sha256_of(new / name) == body.get("sha256"):
            yield []
        else:
            yield [f"record {record.number}: {name} differs when computed again{_first_byte(old / name, new / name)}"]


def _first_byte(old: Path, new: Path) -> str:
    if not old.is_file():
        return ""
    a, b = old.read_bytes(), new.read_bytes()
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f", from byte {at}"
