"""The part of a case's report on the remains: where they may lie, what fell, and what searches taught."""

from __future__ import annotations

from overflight.case.report import case_charts
from overflight.case.report.findings_parts import ids_of
from overflight.case.report.holdings import Holdings, RecordDict
from overflight.case.report.parts import Cell, Line, Part, Picture, Table
from overflight.case.report.words import Words

TOLD = 0.005
"""A surface of less share is not named."""


def recovery(case: Holdings, words: Words) -> Part:
    """Show where the remains may lie, or say that nobody computed it."""
    records, title = case.findings("recovery"), words("recovery.title")
    name = str(records[-1]["body"].get("file")) if records else ""
    density = case.density(name)
    if density is None:
        return Part(name="recovery", title=title, lines=(Line(words("recovery.none")),))
    rests = ids_of(records[-1], case.file(name))
    landing = next((r for r in reversed(records) if "classes" in r["body"]["result"]), None)
    picture = Picture(name="recovery", figure=case_charts.regions(density, words), alt=words("recovery.alt"),
                      caption=words("recovery.caption"), records=rests)  # fmt: skip
    lines = (*_fell(landing, words), *recovery_lines(case, words), *_searched(records[-1], words))
    return Part(name="recovery", title=title, how=words("recovery.how"), lines=lines, pictures=(picture,),
                tables=_classes(landing, words))  # fmt: skip


def recovery_lines(case: Holdings, words: Words) -> tuple[Line, ...]:
    """Say how large the search area is, and where it is densest."""
    record = case.finding("recovery")
    name = "" if record is None else str(record["body"].get("file"))
    density = case.density(name)
    if density is None:
        return ()
    half, most = (words.number(density.area_m2(level) / 1e6, 1) for level in (0.5, 0.9))
    lat, lon = density.mode()
    text = words("recovery.area", half=half, most=most, lat=f"{lat:.3f}", lon=f"{lon:.3f}")
    return (Line(text, ids_of(record, case.file(name))),)


def _fell(landing: RecordDict | None, words: Words) -> tuple[Line, ...]:
    if landing is None:
        return ()
    result = landing["body"]["result"]
    event, time = words.of("recovery_event", result["event"]), words.moment(result["time"])
    return (Line(words("recovery.event", event=event, time=time, members=words.number(result["members"])),
                 ids_of(landing)),)  # fmt: skip


def _searched(record: RecordDict, words: Words) -> tuple[Line, ...]:
    """Say what was searched before, where the last finding learnt from searches."""
    result = record["body"]["result"]
    if "searches" not in result:
        return ()
    count = words.number(len(result["searches"]))
    chance, elsewhere = (words.share(result[name], 1) for name in ("chance_to_find", "elsewhere"))
    text = words("recovery.searched", count=count, chance=chance, elsewhere=elsewhere)
    return (Line(text, ids_of(record)),)


def _classes(landing: RecordDict | None, words: Words) -> tuple[Table, ...]:
    if landing is None:
        return ()
    rows = []
    for one in landing["body"]["result"]["classes"]:
        surfaces = sorted(one["surface"].items(), key=lambda item: -item[1])
        told = ", ".join(
            f"{words.of('surface', kind)} {words.share(share)}" for kind, share in surfaces if share >= 0.005
        )
        rows.append((
            Cell(words.of("recovery_class", one["class"]), records=ids_of(landing)),
            Cell(words.moment(one["time"], year=False)), Cell(f"{one['lat']:.3f}, {one['lon']:.3f}", style="n"),
            Cell(words.number(one["area_90_km2"], 1), style="n"), Cell(told),
        ))  # fmt: skip
    columns = tuple(words(f"recovery.{name}") for name in ("class", "down", "place", "region", "ground"))
    return (Table(caption=words("recovery.table"), columns=columns, rows=tuple(rows)),)
