"""The parts of a case's report that show what was recorded: the summary, claims, evidence, limits, and the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from overflight.case.report.case_maps import kind_of
from overflight.case.report.claims import Bearing, Claim, party_of, words_of
from overflight.case.report.findings_parts import (
    drift_lines,
    fits_of,
    identity_lines,
    ids_of,
    origin_lines,
    row_name,
)
from overflight.case.report.holdings import Holdings, RecordDict
from overflight.case.report.parts import Cell, Ids, Line, Listing, Part, Table
from overflight.case.report.recovery_parts import recovery_lines
from overflight.case.report.words import Words

MOST_ROWS = 200
LIKELY = 0.5
LONGEST = 120
"""Characters of a record's words in the list of records."""


def summary(case: Holdings, claims: Sequence[Claim], words: Words) -> Part:
    """Say in a few sentences what was found."""
    lines = [*_seen(case, words), *_track(case, words), *_crossed(case, words), *_tested(case, words)]
    lines += [*origin_lines(case, words), *identity_lines(case, words), *recovery_lines(case, words)]
    lines += _claimed(claims, words) if claims else [Line(words("summary.no_claims"), _all_of(case))]
    if not case.problems:
        state = words("summary.closed" if case.records[-1]["kind"] == "closing" else "summary.open")
        text = words("summary.holds", count=words.number(len(case.records)))
        lines.append(Line(f"{text} {state}", _all_of(case)))
    return Part(name="short", title=words("summary.title"), how=words("summary.how"), lines=tuple(lines))


def _all_of(case: Holdings) -> Ids:
    """Return the first and the last record, between which all of them lie."""
    return ids_of(case.records[0], case.records[-1])


def _seen(case: Holdings, words: Words) -> list[Line]:
    seen = case.of("sighting")
    if not seen:
        return []
    times = sorted(record["body"]["time"] for record in seen)
    first, last = words.moment(times[0]), words.moment(times[-1])
    if len(seen) == 1:
        return [Line(words("summary.seen_once", first=first), ids_of(*seen))]
    return [Line(words("summary.seen", count=words.number(len(seen)), first=first, last=last), ids_of(*seen))]


def _track(case: Holdings, words: Words) -> list[Line]:
    record = case.finding("track")
    if record is None:
        return [Line(words("summary.no_track"))]
    result, rests = record["body"]["result"], ids_of(record)
    sd = max(row["sd_km"] for row in result["mean"])
    low, middle, high = (words.number(z / 1000.0, 1) for z in result["level"]["altitude_m"])
    kind = "track_winds" if result["kind"] == "winds" else "track_other"
    return [
        Line(words(f"summary.{kind}", sd=words.number(sd, 1 if sd < 10 else 0)), rests),
        Line(words("summary.level", low=low, middle=middle, high=high), rests),
    ]


def _crossed(case: Holdings, words: Words) -> list[Line]:
    record = case.finding("ledger")
    if record is None:
        return []
    result, rests = record["body"]["result"], ids_of(record)
    told = {kind: [(row_name(row, words), words.chance(row, result["members"]))
                   for row in result["crossings"] if kind_of(row) == kind and row["probability"] > LIKELY]
            for kind in ("country", "disputed", "high_seas")}  # fmt: skip
    names = {kind: "; ".join(f"{name}: {chance}" for name, chance in rows) for kind, rows in told.items()}
    lines = [words("summary.countries", names=names["country"]) if told["country"] else words("summary.no_countries")]
    if told["disputed"]:
        lines.append(words("summary.disputed", names=names["disputed"]))
    if told["high_seas"]:
        lines.append(words("summary.high_seas", chance=told["high_seas"][0][1]))
    return [Line(text, rests) for text in lines]


def _tested(case: Holdings, words: Words) -> list[Line]:
    """Return of the drift test what a reader in haste needs: verdict, power and what it excludes."""
    verdict, _, _, *power = drift_lines(case, words) or (None, None, None)
    return [line for line in (verdict, *power) if line is not None]


def _claimed(claims: Sequence[Claim], words: Words) -> list[Line]:
    verdicts = ", ".join(words("claims.count", count=count, verdict=words.of("claim_verdict", name))
                         for name, count in Counter(claim.verdict for claim in claims).items())  # fmt: skip
    parties = ", ".join(dict.fromkeys(claim.party for claim in claims))
    text = words("summary.claims", count=len(claims), parties=parties, verdicts=verdicts)
    return [Line(text, tuple(claim.records[0] for claim in claims if claim.records))]


def claimed(case: Holdings, claims: Sequence[Claim], words: Words) -> Part:
    """Show every claim beside the findings that bear on it, and statements that hold none."""
    title = words("claims.title")
    used = {number for claim in claims for number in claim.records}
    alone = [record for record in case.of("statement") if str(record["id"]) not in used]
    tables = []
    if claims:
        columns = tuple(words(f"claims.{name}") for name in ("claim", "party", "bearing", "verdict"))
        rows = tuple(_claim(claim, words) for claim in claims[:MOST_ROWS])
        tables.append(
            Table(caption=words("claims.table"), columns=columns, rows=rows, more=_more(claims, "claim", words))
        )
    if alone:
        columns = tuple(words(f"claims.{name}") for name in ("words", "party", "source"))
        rows = tuple(
            (Cell(words_of(r["body"]), records=ids_of(r), language=str(r["body"].get("language") or "")),
             Cell(party_of(r["body"], str(r["author"]))), Cell(str(r["body"].get("source") or "")))
            for r in alone[:MOST_ROWS]
        )  # fmt: skip
        tables.append(
            Table(caption=words("claims.statements"), columns=columns, rows=rows, more=_more(alone, "statement", words))
        )
    lines = () if tables else (Line(words("claims.none")),)
    return Part(
        name="claims", title=title, how=words("claims.how") if tables else "", lines=lines, tables=tuple(tables)
    )


def _claim(claim: Claim, words: Words) -> tuple[Cell, ...]:
    bearings = [_bearing(bearing, words) for bearing in claim.bearings] or [words("claims.untested")]
    notes = " ".join(bearing.note for bearing in claim.bearings if bearing.note)
    rests = tuple(number for bearing in claim.bearings for number in bearing.records)
    return (
        Cell(claim.text, records=claim.records, language=claim.language),
        Cell(claim.party),
        Cell("; ".join(bearings), note=notes, records=rests, language="en" if notes else ""),
        Cell(words.of("claim_verdict", claim.verdict)),
    )


def _bearing(bearing: Bearing, words: Words) -> str:
    told = {
        "finding": words.of("finding", bearing.finding),
        "direction": words.of("claim_direction", bearing.direction),
    }
    told["strength"] = words.of("claim_strength", bearing.strength) if bearing.strength else ""
    if bearing.probability is None:
        return words("claims.without_probability", **told).rstrip()
    low, high = (words.share(end, 1) for end in bearing.probability)
    return words("claims.with_probability", chance=words.between(low, high), **told)


def evidence(case: Holdings, words: Words) -> Part:
    """Show sightings, evidence, other inputs and files, each with its digest."""
    tables = [table for table in (_sightings(case, words), _evidence(case, words), _inputs(case, words),
                                  _files(case, words), _corrections(case, words)) if table is not None]  # fmt: skip
    commands = {r["body"]["parameters"]["command"]: r for r in case.of("finding") if r["body"].get("parameters")}
    listed = tuple(Line(command, ids_of(record)) for command, record in commands.items() if command)
    listings = (Listing(title=words("evidence.command"), lines=listed),) if listed else ()
    return Part(name="evidence", title=words("evidence.title"), how=words("evidence.how"), tables=tuple(tables),
                listings=listings)  # fmt: skip


def _sightings(case: Holdings, words: Words) -> Table | None:
    seen = case.of("sighting")
    if not seen:
        return None
    fits, rows = fits_of(seen, case.result("track")), []
    for number, (record, fit) in enumerate(zip(seen[:MOST_ROWS], fits, strict=False), start=1):
        body, altitude = record["body"], record["body"]["altitude"]
        height = words("evidence.not_reported") if altitude is None else _height(altitude, words)
        fitted = ("", "", "") if fit is None else (words.number(fit["residual_km"], 1), words.number(fit["weight"], 2),
                                                   words.share(fit["outlier_probability"]))  # fmt: skip
        rows.append((
            Cell(str(number), records=ids_of(record)), Cell(words.moment(body["time"])),
            Cell(f"{body['lat']:.3f}, {body['lon']:.3f}", style="n"),
            Cell(words.brief(body["position_sd_m"] / 1000.0, 3), style="n"), Cell(height, style="n"),
            *(Cell(text, style="n") for text in fitted),
            Cell(" · ".join(t for t in (body["note"], body["source"]) if t)),
        ))  # fmt: skip
    names = ("number", "time", "place", "sd", "altitude", "off", "weight", "doubt", "note")
    columns = tuple(words(f"evidence.{name}") for name in names)
    return Table(
        caption=words("evidence.sightings"), columns=columns, rows=tuple(rows), more=_more(seen, "sighting", words)
    )


def _height(altitude: RecordDict, words: Words) -> str:
    return " ± ".join(words.number(altitude[name] / 1000.0, 2) for name in ("value_m", "sd_m"))


def _evidence(case: Holdings, words: Words) -> Table | None:
    records = case.of("evidence")
    if not records:
        return None
    rows = tuple(
        (Cell(str(r["body"].get("name", "")), records=ids_of(r)), Cell(words.number(r["body"].get("bytes")), style="n"),
         Cell(str(r["body"].get("sha256", "")), style="code"), Cell(str(r["body"].get("source", ""))),
         Cell(str(r["author"])), Cell(words.moment(r["made_at"])))
        for r in records[:MOST_ROWS]
    )  # fmt: skip
    columns = tuple(words(f"evidence.{name}") for name in ("name", "size", "digest", "source", "by", "had"))
    more = _more(records, "evidence", words)
    return Table(caption=words("evidence.table"), columns=columns, rows=rows, more=more)


def _inputs(case: Holdings, words: Words) -> Table | None:
    """Show the inputs of findings that are neither records nor evidence: as a rule the winds."""
    known = {record["body"].get("sha256") for record in case.of("evidence", "file")}
    known |= {record["hash"] for record in case.records}
    found = {digest: record for record in case.of("finding") for digest in record["inputs"] if digest not in known}
    rows = []
    for digest, record in list(found.items())[:MOST_ROWS]:
        source = (record["body"].get("parameters") or {}).get("winds")
        name = words("evidence.winds", source=source) if source else words("evidence.winds_unknown")
        rows.append((Cell(name, records=ids_of(record)), Cell(digest, style="code")))
    columns = (words("evidence.input"), words("evidence.digest"))
    return Table(caption=words("evidence.other"), columns=columns, rows=tuple(rows)) if rows else None


def _files(case: Holdings, words: Words) -> Table | None:
    records = case.of("file")
    if not records:
        return None
    rows = tuple((Cell(str(r["body"]["path"]), records=ids_of(r)), Cell(words.number(r["body"]["bytes"]), style="n"),
                  Cell(str(r["body"]["sha256"]), style="code")) for r in records[:MOST_ROWS])  # fmt: skip
    columns = tuple(words(f"evidence.{name}") for name in ("name", "size", "digest"))
    more = _more(records, "file", words)
    return Table(caption=words("evidence.files"), columns=columns, rows=rows, more=more)


def _corrections(case: Holdings, words: Words) -> Table | None:
    records = case.of("correction", "redaction")
    if not records:
        return None
    rows = tuple(
        (Cell(words.of("record_kind", str(r["kind"])), records=ids_of(r)), Cell(_told(r)), Cell(str(r["author"])),
         Cell(words.moment(r["made_at"])))
        for r in records[:MOST_ROWS]
    )  # fmt: skip
    columns = (words("records.kind"), words("evidence.correction"), words("evidence.by"), words("evidence.had"))
    return Table(
        caption=words("evidence.corrections"), columns=columns, rows=rows, more=_more(records, "correction", words)
    )


def _told(record: RecordDict) -> str:
    return "; ".join(f"{name}: {value}" for name, value in record["body"].items())


def limits(case: Holdings, claims: Sequence[Claim], words: Words) -> Part:
    """Say what is not known."""
    keys = ["level", "winds", "ledger", *(["recovery"] if case.finding("recovery") else []), "intent",
            *(["claims"] if claims else []), "names"]  # fmt: skip
    about = {"level": "track", "winds": "track", "ledger": "ledger", "recovery": "recovery"}
    general = tuple(Line(words(f"limits.{key}"), ids_of(case.finding(about.get(key, "")))) for key in keys)
    listings = []
    test = case.finding("drift_test")
    if test is not None:
        lines = tuple(Line(text, ids_of(test), "en") for text in test["body"]["result"]["limits"])
        listings.append(Listing(title=words("limits.drift"), lines=lines))
    gaps = case.finding("missing")
    if gaps is not None and gaps["body"]["result"]:
        lines = tuple(Line(text, ids_of(gaps), "en") for text in gaps["body"]["result"])
        listings.append(Listing(title=words("limits.missing"), lines=lines))
    return Part(name="limits", title=words("limits.title"), lines=general, listings=tuple(listings))


def cited_records(case: Holdings, cited: Iterable[str], words: Words) -> Part:
    """List the records that the report names, each with its hash."""
    wanted = set(cited)
    shown = [record for record in case.records if str(record["id"]) in wanted]
    rows = tuple(
        (Cell(str(r["id"])), Cell(words.of("record_kind", str(r["kind"]))), Cell(_what(r, words)),
         Cell(words.moment(r["made_at"])), Cell(str(r["author"])), Cell(str(r["hash"]), style="code"))
        for r in shown
    )  # fmt: skip
    columns = tuple(words(f"records.{name}") for name in ("number", "kind", "what", "made", "by", "hash"))
    table = Table(caption=words("records.table"), columns=columns, rows=rows, anchors=ids_of(*shown))
    how = words("records.how", shown=words.number(len(shown)), count=words.number(len(case.records)))
    return Part(name="records", title=words("records.title"), how=how, tables=(table,))


def _what(record: RecordDict, words: Words) -> str:
    body = record["body"]
    if record["kind"] == "claim":
        return str(body.get("subject", ""))
    if record["kind"] == "finding":
        return words.of("finding", str(body.get("name", "")))
    if record["kind"] == "sighting":
        return f"{words.moment(body['time'])}, {body['lat']:.2f}, {body['lon']:.2f}"
    named = (
        str(body[name]) for name in ("name", "path", "title", "text", "words", "claim", "reason") if body.get(name)
    )
    return next(named, "")[:LONGEST]


def _more(rows: Sequence[object], kind: str, words: Words) -> str:
    """Say how many rows are left out, and where all of them are."""
    if len(rows) <= MOST_ROWS:
        return ""
    return words("page.more_rows", count=words.number(len(rows) - MOST_ROWS), kind=kind)
