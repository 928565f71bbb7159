"""Claims beside the findings that bear on them, as a report shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from overflight.case.report.holdings import RecordDict

NOT_WEIGHED = "not weighed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What a finding says of a claim.

    Attributes
    ----------
    finding : str. Its name, as ``drift_test``.
    direction : "supports", "contradicts" or "undecided".
    strength : float or None. Probability of what is claimed by that finding.
    note : str. One sentence about it, shown as it is.
    records : ids of the records it rests on.
    """

    finding: str
    direction: str
    strength: float | None = None
    note: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a party claimed.

    Attributes
    ----------
    text, party : str. Shown as recorded.
    verdict : "supported", "contradicted", "undecided", "cannot be tested", "not testable" or "not weighed".
    language : str. Of the text, ISO 639-1, empty where it is not known.
    bearings : findings that bear on it.
    records : ids of the claim, and of the statement it was taken from.
    """

    text: str
    party: str
    verdict: str = NOT_WEIGHED
    language: str = ""
    bearings: tuple[Bearing, ...] = ()
    records: tuple[str, ...] = field(default=())


def claims_of(records: Sequence[RecordDict]) -> tuple[Claim, ...]:
    """Return the claims of a case, none of them weighed."""
    by_hash = {record["hash"]: record for record in records if record["kind"] == "statement"}
    found = []
    for record in records:
        if record["kind"] != "claim" or not record["body"]:
            continue
        behind = [by_hash[digest] for digest in record["inputs"] if digest in by_hash]
        body = {**(behind[0]["body"] if behind else {}), **record["body"]}
        found.append(
            Claim(
                text=words_of(body),
                party=party_of(body, str(record["author"])),
                language=str(body.get("language") or ""),
                records=(str(record["id"]), *(str(one["id"]) for one in behind)),
            )
        )
    return tuple(found)


def words_of(body: RecordDict) -> str:
    """Return what a statement or claim says."""
    return next((str(body[name]) for name in ("text", "words", "claim") if body.get(name)), "–")


def party_of(body: RecordDict, author: str) -> str:
    """Return who says it."""
    return next((str(body[name]) for name in ("party", "who", "by") if body.get(name)), author)
