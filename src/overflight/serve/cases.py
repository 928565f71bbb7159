"""Cases: those that investigations have written, and those that lie in the folder ``cases``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from overflight.case.canonical import plain
from overflight.case.case_file import CASE, Case, is_case
from overflight.errors import OverflightError, Unavailable, one_line
from overflight.serve.problems import Refusal

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
REPORT_S = 300.0
"""A report that takes longer is given up."""


def folders(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield id and incident folder of each case."""
    for place, below in (("cases", "."), ("jobs", "output/incident")):
        for one in sorted((root / place).iterdir()) if (root / place).is_dir() else ():
            if is_case(one / below / CASE) and _ID.fullmatch(one.name):
                yield one.name, one / below


def find_case(root: Path, case: str) -> Path:
    """Return the incident folder of a case.

    Raises
    ------
    Refusal
        There is none of this id.
    """
    if _ID.fullmatch(case):
        for folder in (root / "cases" / case, root / "jobs" / case / "output" / "incident"):
            if is_case(folder / CASE):
                return folder
    raise Refusal(404, f"case: got {case[:60]!r}, expected the id of a case")


def listed(root: Path) -> list[dict[str, Any]]:
    """Return all cases in short; one that cannot be read says why."""
    return [_short(case, folder) for case, folder in folders(root)]


def _short(case: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"case": case, "url": f"/api/cases/{case}"}
    try:
        with Case.open(folder / CASE) as opened:
            first, head = opened.record(1), opened.head()
    except OverflightError as failure:
        return found | {"title": "", "problem": one_line(str(failure))}
    about = first.body or {}
    return found | {"title": str(about.get("title", "")), "author": first.author, "made_at": first.made_at,
                    "records": head.size, "hash": head.hash}  # fmt: skip


def shown(root: Path, case: str) -> dict[str, Any]:
    """Return a case whole: its records, its parties, each claim beside the findings that bear on it."""
    from overflight.case.weigh import OUTCOMES, weigh  # noqa: PLC0415 - slow to import

    folder = find_case(root, case)
    with Case.open(folder / CASE) as opened:
        records, weighed = opened.records(), weigh(opened)
    parties = dict.fromkeys([record.author for record in records] + [one.claim.party for one in weighed])
    claims = [plain(asdict(one)) | {"sentence": str(one), "told": OUTCOMES[one.outcome]} for one in weighed]
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return _short(case, folder) | {
        "list": [plain(record.to_json()) for record in records],
        "claims": claims,
        "parties": list(parties),
        "files": [{"name": name, "url": f"/api/cases/{case}/files/{name}"} for name in names],
        "report": {kind: f"/api/cases/{case}/report.{kind}" for kind in ("html", "pdf")},
    }


def state_of(root: Path, case: str) -> str:
    """Return the hash of a case's last record: it changes with every record."""
    with Case.open(find_case(root, case) / CASE) as opened:
        return opened.head().hash


def report(root: Path, case: str, kind: str, language: str) -> Path:
    """Return the report of a case as a file, made anew where a record has come since.

    The command makes it in a process of its own: figures are drawn, and that is no work for the one that answers.

    Raises
    ------
    Refusal
        There is no such case, or the command says why it cannot.
    """
    folder, state = find_case(root, case), state_of(root, case)
    kept = root / "reports" / f"{case}-{state[:32]}-{language}.{kind}"
    if kept.is_file():
        return kept
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    words = [sys.executable, "-m", "overflight", "report", str(folder), f"--output={kept}", f"--language={language}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=REPORT_S, check=False, cwd=root,  # noqa: S603
                              env=os.environ)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"report: took more than {REPORT_S:g} s") from None
    if done.returncode:
        line = done.stderr.strip().splitlines()[-1:] or ["report: no reason given"]
        raise Refusal(503 if done.returncode == 3 else 400, line[0].removeprefix("overflight: "))
    return kept
