"""Claims beside the findings that bear on them, as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overflight.case.bearing import Bearing as Found
from overflight.case.claims import DEFAULT_RADIUS_KM
from overflight.case.claims import Claim as Stated
from overflight.case.report.holdings import Holdings, RecordDict
from overflight.case.report.words import Words
from overflight.case.weigh import Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What a finding says of a claim.

    Attributes
    ----------
    finding : str. Its name, as ``drift_test``.
    direction : "supports", "contradicts" or "undecided".
    strength : str. How strongly, as "very strongly"; "" where it does not tell.
    probability : lowest and highest probability of what is claimed by that finding, or None.
    note : str. One sentence about it, shown as it is.
    records : ids of the records it rests on.
    """

    finding: str
    direction: str
    strength: str = ""
    probability: tuple[float, float] | None = None
    note: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a party claimed.

    Attributes
    ----------
    text, party : str. Shown as recorded.
    verdict : one of ``VERDICTS``' values.
    language : str. Of the text, ISO 639-1, empty where it is not known.
    bearings : findings that bear on it.
    records : ids of the claim, and of the statement it was taken from.
    """

    text: str
    party: str
    verdict: str
    language: str = ""
    bearings: tuple[Bearing, ...] = ()
    records: tuple[str, ...] = field(default=())


VERDICTS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "mixed": "undecided",
    "open": "cannot_be_tested",
    "untestable": "not_testable",
}
"""What the outcomes of weighing are called here."""


def claims_of(case: Holdings, words: Words) -> tuple[Claim, ...]:
    """Return the claims of a case with what its findings say of them."""
    by_id = {str(record["id"]): record for record in case.records}
    return tuple(_claim(weighed, by_id, words) for weighed in case.weighed)


def _claim(weighed: Weighed, by_id: Mapping[str, RecordDict], words: Words) -> Claim:
    behind = by_id.get(str(weighed.claim.statement))
    said = {} if behind is None else behind["body"]
    return Claim(
        text=words_of(said) if said else stated(weighed.claim, words),
        party=weighed.claim.party,
        verdict=VERDICTS[weighed.outcome],
        language=str(said.get("language") or ""),
        bearings=tuple(_bearing(bearing) for bearing in weighed.bearings),
        records=(str(weighed.record), *((str(behind["id"]),) if behind is not None else ())),
    )


def stated(claim: Stated, words: Words) -> str:
    """Say in the page's language what is claimed."""
    what = {"at-altitude": _altitude, "launched-from": _place}.get(claim.subject, _region_or_words)(claim, words)
    negated = "_not" if claim.denied else ""
    text = words(f"claim_text.{claim.subject.replace('-', '_')}{negated}", what=what)
    if claim.window is None:
        return text
    start, end = (words.moment(time) for time in (claim.start or claim.end, claim.end or claim.start))
    return words("claim_text.between", text=text, start=start, end=end)


def _altitude(claim: Stated, words: Words) -> str:
    low, high = (words.number(level) for level in claim.altitude_m or (0.0, 0.0))
    return words.between(low, high)


def _place(claim: Stated, words: Words) -> str:
    if claim.lat is None or claim.lon is None:
        return claim.region_name or claim.region
    near = words("claim_text.near", radius=words.brief(claim.radius_km or DEFAULT_RADIUS_KM, 3), lat=f"{claim.lat:.4f}",
                 lon=f"{claim.lon:.4f}")  # fmt: skip
    return f"{claim.region_name}, {near}" if claim.region_name else near


def _region_or_words(claim: Stated, words: Words) -> str:
    return claim.region_name or claim.region or claim.words


def _bearing(bearing: Found) -> Bearing:
    tells = bearing.direction != "neither"
    return Bearing(
        finding=bearing.finding,
        direction=bearing.direction if tells else "undecided",
        strength=bearing.strength,
        probability=bearing.probability if tells else None,
        note=bearing.sentence,
        records=(str(bearing.record),),
    )


def words_of(body: RecordDict) -> str:
    """Return what a statement or claim says."""
    return next((str(body[name]) for name in ("text", "words", "claim") if body.get(name)), "–")


def party_of(body: RecordDict, author: str) -> str:
    """Return who says it."""
    return next((str(body[name]) for name in ("party", "who", "by") if body.get(name)), author)
