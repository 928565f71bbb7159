"""``overflight case`` new, add, state, claim, correct, redact and close."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.case_options import UNSIGNED, Folder, Number, Writing, opened, secret_key, told
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.case.claims import Claim

Source = Annotated[str, Parameter(help="Where it comes from.")]
SubjectName = Literal["passed-over", "was-drifting", "launched-from", "at-altitude", "was-civil", "purpose"]


def new_(
    folder: Annotated[Path, Parameter(help="Folder to make; the case is in case/ in it.")],
    *,
    title: Annotated[str, Parameter(help="What the case is about.")],
    store: Annotated[
        str, Parameter(help="URL of a PostgreSQL for several who work on it; a file in the folder if not given.")
    ] = "",
    writing: Writing = UNSIGNED,
) -> None:
    """Open a case."""
    from overflight.case.case_file import CASE, Case

    key = None if writing.key is None else secret_key(writing.key)
    author = writing.as_ or "overflight"
    with Case.create(folder / CASE, title=title, author=author, store=store, key=key) as case:
        if key is not None:
            case.sign(key)
        record = case.record(1)
    if key is not None and not writing.json:
        remark(f"signed as {author}, fingerprint {key.public.fingerprint}: tell it to the others by another way")
    told(writing, record)


def add_(
    folder: Folder,
    files: Annotated[list[Path], Parameter(help="Files of evidence.")],
    *,
    source: Source,
    had_at: Annotated[str, Parameter(help="When it was had, with its offset.")] = "",
    said_by: Annotated[str, Parameter(help="Who says so.")] = "",
    sightings: Annotated[bool, Parameter(negative="", help="Read sightings from the files, and record each.")] = False,
    copy: Annotated[bool, Parameter(help="Keep a copy in the case.")] = True,
    writing: Writing = UNSIGNED,
) -> None:
    """Add evidence, and the sightings in it."""
    from overflight.case.record import Draft
    from overflight.case.sighting_body import sighting_body
    from overflight.geo.times import iso, parse_utc
    from overflight.sightings import read_all

    when = iso(parse_utc(had_at, field="--had-at")) if had_at else ""
    seen = read_all(files).sightings if sightings else ()
    with opened(folder, writing) as case:
        digests = [case.add_evidence(path, source=source, had_at=when, said_by=said_by, copy=copy) for path in files]
        case.append_many(
            [Draft(kind="sighting", body=sighting_body(one), inputs=(one.evidence_sha256,)) for one in seen]
        )
    if writing.json:
        say_json({"evidence": digests, "sightings": len(seen)})
        return
    for path, digest in zip(files, digests, strict=True):
        say(f"{path.name}: sha256 {digest}")
    if sightings:
        say(f"{len(seen)} sightings")


def state_(
    folder: Folder,
    words: Annotated[str, Parameter(help="What was said, word for word.")],
    *,
    who: Annotated[str, Parameter(help="Who said it.")],
    when: Annotated[str, Parameter(help="When, with its offset.")],
    source: Source,
    language: Annotated[str, Parameter(help="Language of the words, as en or zh.")] = "en",
    writing: Writing = UNSIGNED,
) -> None:
    """Record what somebody said."""
    from overflight.geo.times import iso, parse_utc

    body = {"who": who, "when": iso(parse_utc(when, field="--when")), "words": words, "language": language}
    with opened(folder, writing) as case:
        record = case.append("statement", {**body, "source": source})
    told(writing, record)


def claim_(
    folder: Folder,
    subject: Annotated[SubjectName, Parameter(help="What it is about.")],
    what: Annotated[
        str,
        Parameter(help="The country; the place as LAT,LON or a town or a country; metres as 18000,20000; a purpose."),
    ] = "",
    *,
    party: Annotated[str, Parameter(help="Who claims it.")],
    denied: Annotated[bool, Parameter(name="--not", negative="", help="It is claimed not to be so.")] = False,
    from_: Annotated[str, Parameter(name="--from", help="First time that it speaks of.")] = "",
    to: Annotated[str, Parameter(help="Last time that it speaks of.")] = "",
    radius_km: Annotated[float | None, Parameter(help="How far from the place, km; 50 if not given.")] = None,
    statement: Annotated[int | None, Parameter(help="Number of the statement that it is taken from.")] = None,
    writing: Writing = UNSIGNED,
) -> None:
    """Record what of a statement can be checked: where it passed, drifted, started and flew; or what cannot."""
    from overflight.case.claims import Claim
    from overflight.geo.times import iso, parse_utc

    times: dict[str, Any] = {name: iso(parse_utc(text, field=f"--{option}")) if text else ""
             for name, option, text in (("start", "from", from_), ("end", "to", to))}  # fmt: skip
    one = Claim(party=party, subject=subject, denied=denied, statement=statement, radius_km=radius_km, **times,
                **_what(subject, what))  # fmt: skip
    with opened(folder, writing) as case:
        inputs = () if statement is None else (_statement(case.record(statement)),)
        record = case.append("claim", one.to_json(), inputs=inputs)
    told_claim(writing, record, one)


def told_claim(writing: Writing, record: Any, one: Claim) -> None:
    """Print a claim as it was understood."""
    told(writing, record)
    if not writing.json:
        say(f"{one.party} says that {one}")


def _statement(record: Any) -> str:
    if record.kind != "statement":
        raise InvalidInput("--statement", f"record {record.number}, of kind {record.kind}", "a statement")
    return str(record.hash)


def _what(subject: str, text: str) -> dict[str, Any]:
    from overflight.case.claims import place_of, region_of
    from overflight.cli.options import numbers_of

    if subject == "passed-over":
        region, name = region_of(text)
        return {"region": region, "region_name": name}
    if subject == "launched-from":
        return place_of(text)
    if subject == "at-altitude":
        levels = numbers_of(text, "WHAT")
        if not 1 <= len(levels) <= 2 or levels[0] > levels[-1]:
            raise InvalidInput("WHAT", repr(text), "one altitude, or a lowest and a highest, m")
        return {"altitude_m": (levels[0], levels[-1])}
    return {"words": text}


def correct_(
    folder: Folder,
    number: Number,
    words: Annotated[str, Parameter(help="What is right.")],
    *,
    writing: Writing = UNSIGNED,
) -> None:
    """Correct a record: it stays, and the correction points at it."""
    with opened(folder, writing) as case:
        wrong = case.record(number)
        record = case.append("correction", {"record": number, "hash": wrong.hash, "words": words}, inputs=(wrong.hash,))
    told(writing, record)


def redact_(
    folder: Folder,
    number: Number,
    *,
    reason: Annotated[str, Parameter(help="Why; it stays in the log.")],
    writing: Writing = UNSIGNED,
) -> None:
    """Take the body of a record out for good; its digest and the reason stay."""
    with opened(folder, writing) as case:
        record = case.redact(number, reason)
    told(writing, record)


def close_(folder: Folder, *, writing: Writing = UNSIGNED) -> None:
    """Close a case; who appends later opens it again."""
    with opened(folder, writing) as case:
        record = case.append("closing", {})
    told(writing, record)
