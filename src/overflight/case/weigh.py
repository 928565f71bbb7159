"""Each claim beside the findings that bear on it: how strongly, in which direction, in neutral words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from overflight.case.bearing import Bearing, Context, bearing_of, file_reader
from overflight.case.case_file import Case
from overflight.case.claims import UNTESTABLE, Claim, claim_of
from overflight.case.record import Record
from overflight.errors import InvalidInput
from overflight.geo.times import parse_utc

OUTCOMES = {
    "supported": "the findings support it",
    "contradicted": "the findings contradict it",
    "mixed": "the findings do not agree",
    "open": "cannot be tested with what is known",
    "untestable": "not testable by this tool",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A claim and what bears on it.

    Attributes
    ----------
    record : number of the claim's record; its hash is ``hash``.
    claim : Claim
    outcome : one of OUTCOMES.
    bearings : what each finding says, in the order of the log.
    corrected_by : numbers of the corrections of this claim.
    """

    record: int
    hash: str
    claim: Claim
    outcome: str
    bearings: tuple[Bearing, ...]
    corrected_by: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Return claim and outcome in one sentence."""
        return f"{self.claim.party} says that {self.claim}: {OUTCOMES[self.outcome]}{self._how()}."

    def _how(self) -> str:
        told = [b for b in self.bearings if b.direction != "neither"]
        return f" ({', '.join(f'{b.strength} by the {b.finding}, record {b.record}' for b in told)})" if told else ""


def weigh(case: Case) -> list[Weighed]:
    """Return each claim of a case, in the order of the log, with the findings that bear on it.

    Findings are read as they are recorded; nothing is computed anew. A claim of what something was for, or whose it
    was, is recorded and not testable. A redacted claim is left out.
    """
    records = case.records("claim", "finding", "file", "correction")
    findings = [r for r in records if r.kind == "finding" and r.body is not None]
    context = _context(case, records, findings)
    weighed = []
    for record in records:
        if record.kind != "claim" or record.body is None:
            continue
        try:
            claim = claim_of(record.body)
        except InvalidInput:
            continue  # a claim of a later version, or of another's own form: it stays in the log
        bearings = tuple(b for finding in findings if (b := bearing_of(claim, finding, context)) is not None)
        weighed.append(
            Weighed(record=record.number, hash=record.hash, claim=claim, outcome=_outcome(claim, bearings),
                    bearings=bearings, corrected_by=_corrections(record, records))
        )  # fmt: skip
    return weighed


def _context(case: Case, records: list[Record], findings: list[Record]) -> Context:
    """Return the files beside a case, and the time that its paths are of: the track, and the hours before and after."""
    files = {
        str(r.body.get("path")): str(r.body.get("sha256")) for r in records if r.kind == "file" and r.body is not None
    }
    read = file_reader(case.folder.resolve(), files)
    for finding in reversed(findings):
        body = finding.body or {}
        if body.get("name") == "track":
            try:
                times = [parse_utc(row["time"]) for row in body["result"]["mean"]]
                back, ahead = (timedelta(hours=body["parameters"][f"hours_{way}"]) for way in ("back", "ahead"))
                return Context(files=read, span=(times[0] - back, times[-1] + ahead), first=times[0])
            except (KeyError, TypeError, ValueError, IndexError, InvalidInput):
                break
    return Context(files=read, span=None, first=None)


def _outcome(claim: Claim, bearings: tuple[Bearing, ...]) -> str:
    if claim.subject in UNTESTABLE:
        return "untestable"
    found = {b.direction for b in bearings} - {"neither"}
    if not found:
        return "open"
    if len(found) == 2:
        return "mixed"
    return "supported" if "supports" in found else "contradicted"


def _corrections(record: Record, records: list[Record]) -> tuple[int, ...]:
    return tuple(
        r.number
        for r in records
        if r.kind == "correction" and r.body is not None and r.body.get("record") == record.number
    )
