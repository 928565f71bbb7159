"""The parts of a case's report that show what was computed, each from its finding's record and the files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from overflight.case.report import case_charts, case_maps
from overflight.case.report.case_charts import LEAST_SITE
from overflight.case.report.case_maps import DOUBTED, Flown, kind_of
from overflight.case.report.holdings import Holdings, RecordDict
from overflight.case.report.parts import Cell, Ids, Line, Listing, Part, Picture, Table
from overflight.case.report.truth import compared
from overflight.case.report.words import Words
from overflight.infer.drift_result import JUDGED_SPEED_MS

Result = Mapping[str, Any]
MOST_SITES, MOST_CANDIDATES = 12, 10
VERDICTS = {
    "consistent with constant-level drift": "consistent level",
    "consistent with drift only if the level changed": "consistent changed",
    "needs horizontal air-relative speed": "needs speed",
    "not enough data": "not enough",
}


def ids_of(*records: RecordDict | None) -> Ids:
    """Return the ids of records, without what is none."""
    return tuple(str(record["id"]) for record in records if record is not None)


def strength_words(p_value: float, words: Words) -> str:
    """Say how strongly a p-value speaks against its hypothesis; the bounds are those of the drift test."""
    for below, name in ((0.001, "very_strong"), (0.01, "strong"), (0.05, "some")):
        if p_value < below:
            return words(f"drift.strength_{name}")
    return words("drift.strength_none")


def verdict_words(result: Result, words: Words) -> str:
    """Return the verdict of a drift test in the page's language."""
    return words.of("drift_verdict", VERDICTS.get(str(result["verdict"]), str(result["verdict"])))


def row_name(row: Result, words: Words) -> str:
    """Return what a row of a ledger is called."""
    return words("ledger.high_seas_name") if kind_of(row) == "high_seas" else str(row["name"])


def where(case: Holdings, words: Words) -> Part:
    """Show the maps and the altitude."""
    flown, rests = flown_of(case)
    title, how = words("where.title"), words("where.how")
    if flown is None:
        return Part(name="where", title=title, lines=(Line(words("where.none")),))
    first, last = (words.moment(flown.sightings[i]["time"]) for i in (0, -1)) if flown.sightings else ("–", "–")
    low = min(row["altitude_q05"] for row in flown.mean) / 1000.0
    high = max(row["altitude_q95"] for row in flown.mean) / 1000.0
    return Part(
        name="where",
        title=title,
        how=how,
        pictures=(
            Picture(name="map", figure=case_maps.overview(flown, words), caption=words("where.map_caption"),
                    alt=words("where.map_alt", first=first, last=last), records=rests),
            Picture(name="bands", figure=case_maps.bands(flown, words), caption=words("where.bands_caption"),
                    alt=words("where.bands_alt"), records=ids_of(case.finding("track"), case.file("track.nc"))),
            Picture(name="altitude", figure=case_maps.altitude(flown, words), caption=words("where.altitude_caption"),
                    alt=words("where.altitude_alt", low=words.number(low, 1), high=words.number(high, 1)),
                    records=ids_of(case.finding("track"), *_with_altitude(case))),
        ),
    )  # fmt: skip


def flown_of(case: Holdings) -> tuple[Flown | None, Ids]:
    """Return what the maps are drawn of, None where the case has no track, and the records of it."""
    result, samples = case.result("track"), case.trajectories("track.nc")
    if result is None or samples is None:
        return None, ()
    sightings = case.of("sighting")
    files = [case.file(f"{name}.nc") for name in ("track", "hindcast", "forecast")]
    files.append(case.file("truth.csv"))
    fits = fits_of(sightings, result)
    flown = Flown(
        samples=samples,
        mean=result["mean"],
        sightings=[record["body"] for record in sightings],
        doubtful=[fit is not None and fit["outlier_probability"] > DOUBTED for fit in fits],
        before=case.trajectories("hindcast.nc"),
        after=case.trajectories("forecast.nc"),
        truth=case.table("truth.csv"),
    )
    return flown, ids_of(*sightings, case.finding("track"), *files)


def fits_of(sightings: Sequence[RecordDict], track: Result | None) -> list[Result | None]:
    """Return how the track fits each sighting: the row of its finding of the same time and place, each taken once."""
    left = list(track["per_sighting"]) if track is not None else []
    found: list[Result | None] = []
    for record in sightings:
        seen = record["body"]
        fit = next((row for row in left if row["time"] == seen["time"] and abs(row["lat"] - seen["lat"]) < 1e-5
                    and abs(row["lon"] - seen["lon"]) < 1e-5), None)  # fmt: skip
        if fit is not None:
            left.remove(fit)
        found.append(fit)
    return found


def _with_altitude(case: Holdings) -> list[RecordDict]:
    return [record for record in case.of("sighting") if record["body"]["altitude"] is not None]


def truth(case: Holdings, words: Words) -> Part | None:
    """Show the track beside a true one that was withheld, where there is one."""
    record, samples, fixes = case.finding("truth"), case.trajectories("track.nc"), case.table("truth.csv")
    if record is None or samples is None or fixes is None:
        return None
    result, rests = record["body"]["result"], ids_of(record)
    median, most, radius = (words.number(result[n], 1) for n in ("error_km_q50", "error_km_max", "radius_90_km_q50"))
    line = words("truth.found", fixes=words.number(result["fixes"]), median=median, most=most, radius=radius,
                 inside=words.share(result["inside_90"]))  # fmt: skip
    sightings = [sighting["body"] for sighting in case.of("sighting")]
    picture = Picture(name="truth", figure=case_maps.errors(compared(samples, fixes), sightings, words),
                      alt=words("truth.alt", median=median, most=most), caption=words("truth.caption"),
                      records=ids_of(record, case.file("track.nc"), case.file("truth.csv")))  # fmt: skip
    return Part(name="truth", title=words("truth.title"), how=words("truth.how"), lines=(Line(line, rests),),
                pictures=(picture,))  # fmt: skip


def ledger(case: Holdings, words: Words) -> Part:
    """Show which countries, disputed areas and high seas were crossed, and when."""
    record, title = case.finding("ledger"), words("ledger.title")
    if record is None:
        return Part(name="whose", title=title, lines=(Line(words("ledger.none")),))
    result, rests = record["body"]["result"], ids_of(record)
    rows, members = result["crossings"], result["members"]
    view = words("ledger.neutral") if result["point_of_view"] == "neutral" else result["point_of_view"]
    lines = [
        Line(words("ledger.view", view=view, regions=result["regions"]), rests),
        Line(words("ledger.no_ceiling"), rests),
    ]
    if not rows:
        return Part(name="whose", title=title, lines=(Line(words("ledger.empty", members=members), rests), *lines))
    names = [row_name(row, words) for row in rows]
    picture = Picture(name="timeline", figure=case_maps.timeline(rows, names, members, words), records=rests,
                      alt=words("ledger.alt", count=len(rows), names=", ".join(names)),
                      caption=words("ledger.caption"))  # fmt: skip
    table = Table(
        caption=words("ledger.table"),
        columns=tuple(words(f"ledger.{name}") for name in ("name", "kind", "chance", "entry", "exit", "hours")),
        rows=tuple(_crossing(row, name, members, rests, words) for row, name in zip(rows, names, strict=True)),
    )
    return Part(
        name="whose", title=title, how=words("ledger.how"), lines=tuple(lines), pictures=(picture,), tables=(table,)
    )


def _crossing(row: Result, name: str, members: int, rests: Ids, words: Words) -> tuple[Cell, ...]:
    kind = kind_of(row)
    notes = [str(row["note"])] if row["note"] else []
    if kind == "disputed":
        notes = [words(f"ledger.{key}", who=row[field]) for key, field in
                 (("administered", "administered_by"), ("claimed", "claimed_by")) if row[field]] + notes  # fmt: skip
    times = [words.between(*(words.moment(row[f"{what}_{q}"], year=False) for q in ("q05", "q95")))
             for what in ("entry", "exit")]  # fmt: skip
    return (
        Cell(name, note="; ".join(notes), records=rests),
        Cell(words(f"ledger.kind_{kind}")),
        Cell(words.chance(row, members), style="n"),
        *(Cell(text) for text in times),
        Cell(words.number(row["hours_q50"], 1), style="n"),
    )


def drift(case: Holdings, words: Words) -> Part:
    """Show the drift test."""
    record, title = case.finding("drift_test"), words("drift.title")
    if record is None:
        return Part(name="drift", title=title, lines=(Line(words("drift.none")),))
    result, rests = record["body"]["result"], ids_of(record)
    start = next((r["body"]["time"] for r in case.of("sighting")), "1970-01-01T00:00:00Z")
    verdict = verdict_words(result, words)
    caption = "drift.caption_power" if result["detail"] is None else "drift.caption_detail"
    picture = Picture(name="drift", figure=case_charts.drift(result, start, words), caption=words(caption),
                      records=rests,
                      alt=words("drift.alt", verdict=verdict, p=words.brief(result["p_value"]),
                                powered=words.brief(result["p_value_powered"])))  # fmt: skip
    assumed = Listing(title=words("drift.assumptions"), lines=_quoted(result["assumptions"], rests))
    return Part(name="drift", title=title, how=words("drift.how"), lines=drift_lines(case, words), pictures=(picture,),
                tables=_drift_tables(result, rests, words), listings=(assumed,))  # fmt: skip


def _quoted(texts: Sequence[str], rests: Ids) -> tuple[Line, ...]:
    """Return sentences of a record as they stand there, in English."""
    return tuple(Line(text, rests, "en") for text in texts)


def drift_lines(case: Holdings, words: Words) -> tuple[Line, ...]:
    """Say what the drift test found."""
    record = case.finding("drift_test")
    if record is None:
        return ()
    result, rests = record["body"]["result"], ids_of(record)
    low, high = (words.number(z / 1000.0, 1) for z in result["band_m"])
    level = words("drift.at_reported" if result["level_is_reported"] else "drift.at_one_level")
    p, powered = result["p_value"], result["p_value_powered"]
    lines = [
        words("drift.verdict", verdict=verdict_words(result, words)),
        words("drift.evidence_level", strength=strength_words(p, words), level=level, p=words.brief(p)),
        words(
            "drift.evidence_any", strength=strength_words(powered, words), low=low, high=high, p=words.brief(powered)
        ),
    ]
    shown = dict(zip(result["power"]["speeds_ms"], result["power"]["powered"][-1], strict=True)).get(JUDGED_SPEED_MS)
    if shown is not None:
        lines.append(words("drift.power", speed=words.brief(JUDGED_SPEED_MS), share=words.share(shown)))
    if result["air_speed_upper_95_ms"] is not None:
        lines.append(words("drift.upper", speed=words.number(result["air_speed_upper_95_ms"], 1)))
    return tuple(Line(text, rests) for text in lines)


def _drift_tables(result: Result, rests: Ids, words: Words) -> tuple[Table, ...]:
    detail = result["detail"]
    if detail is None:
        return ()
    factors = tuple((Cell(words.of("drift_story", f["story"]), note=f["prior"], records=rests, language="en"),
                     Cell(_factor(f, words), style="n")) for f in detail["bayes_factors"])  # fmt: skip
    sizes = tuple((Cell(words("drift.wind_error_value", factor=words.brief(s["wind_error_factor"])), records=rests),
                   Cell(words.brief(s["p_value"]), style="n"), Cell(words.brief(s["p_value_powered"]), style="n"))
                  for s in detail["sensitivity"])  # fmt: skip
    return (
        Table(caption=words("drift.table"), columns=(words("drift.story"), words("drift.factor")), rows=factors),
        Table(caption=words("drift.sensitivity"), rows=sizes,
              columns=(words("drift.wind_error"), words("drift.p_level"), words("drift.p_any"))),
    )  # fmt: skip


def _factor(factor: Result, words: Words) -> str:
    if factor["log10"] is None:
        return words("drift.not_told")
    sign = "+" if factor["log10"] > 0 else "−"
    error = f" ± {words.number(factor['standard_error'], 2)}" if factor["standard_error"] else ""
    return f"{sign}{words.number(abs(factor['log10']), 2)}{error}"


def origin(case: Holdings, words: Words) -> Part:
    """Show where it may have been launched."""
    record, title = case.finding("origin"), words("origin.title")
    if record is None:
        return Part(name="origin", title=title, lines=(Line(words("origin.none")),))
    result, rests = record["body"]["result"], ids_of(record)
    density = case.density("origin.geojson")
    pictures: tuple[Picture, ...] = ()
    if density is not None:
        named = [site for site in result["sites"] if site["probability"] >= LEAST_SITE]
        pictures = (Picture(name="origin", caption=words("origin.caption"),
                            records=rests + ids_of(case.file("origin.geojson")),
                            figure=case_charts.regions(density, words, sites=named, windows=result["windows"]),
                            alt=words("origin.alt", area=words.number(result["area_90_km2"]))),)  # fmt: skip
    weights = ", ".join(f"{words.of('site_kind', kind)} {words.share(share)}" for kind, share in
                        sorted(result["prior"]["weights"].items(), key=lambda item: -item[1]))  # fmt: skip
    lines = (Line(words("origin.asked", hours=words.brief(result["hours_back"], 3)), rests), *origin_lines(case, words),
             Line(words("origin.prior", weights=weights), rests))  # fmt: skip
    return Part(name="origin", title=title, how=words("origin.how"), lines=lines, pictures=pictures,
                tables=(_sites(result, rests, words),))  # fmt: skip


def origin_lines(case: Holdings, words: Words) -> tuple[Line, ...]:
    """Say where and when it may have been launched."""
    record = case.finding("origin")
    if record is None:
        return ()
    result, rests = record["body"]["result"], ids_of(record)
    areas = {f"a{q}": words.number(result[f"area_{q}_km2"]) for q in (50, 90, 99)}
    low, middle, high = (words.moment(t) for t in result["launch_time"])
    lines = [words("origin.area", **areas), words("origin.time", low=low, middle=middle, high=high)]
    best = next(iter(result["sites"]), None)
    if best is not None and best["probability"] >= LEAST_SITE:
        lines.append(words("origin.site", name=best["name"], chance=words.share(best["probability"], 1)))
    else:
        lines.append(words("origin.no_site", least=words.share(LEAST_SITE, 1)))
    return tuple(Line(text, rests) for text in lines)


def _sites(result: Result, rests: Ids, words: Words) -> Table:
    shown = [site for site in result["sites"][:MOST_SITES] if site["probability"] >= LEAST_SITE]
    none = result["none_of_these"]
    others = max(0.0, 1.0 - sum(none.values()) - sum(site["probability"] for site in shown))
    rows = [
        (Cell(site["name"], records=rests), Cell(words.of("site_kind", site["kind"])),
         Cell(words.share(site["probability"], 1), style="n"), Cell(words.moment(site["launch_time"])))
        for site in shown
    ]  # fmt: skip
    for name, share in (*none.items(), ("other", others)):
        part = Cell(words(f"origin.part_{name}"), records=rests)
        rows.append((part, Cell(""), Cell(words.share(share, 1), style="n"), Cell("")))
    columns = tuple(words(f"origin.site_{name}") for name in ("name", "kind", "chance", "time"))
    return Table(caption=words("origin.table"), columns=columns, rows=tuple(rows))


def identity(case: Holdings, words: Words) -> Part | None:
    """Show which known balloon it may have been, where that was asked."""
    record = case.finding("identity")
    if record is None:
        return None
    result, rests = record["body"]["result"], ids_of(record)
    middle = len(result["completeness"]) // 2
    rows = [
        (Cell(m["name"], records=rests), Cell(m["kind"].replace("_", " "), language="en"),
         Cell(words.share(m["posterior"], 1), style="n"), Cell(words.number(m["log10_odds"], 1), style="n"),
         Cell(words.number(m["sigmas"], 1), style="n"))
        for m in result["candidates"][:MOST_CANDIDATES]
    ]  # fmt: skip
    none = words.share(result["p_none"][middle], 1)
    rows.append(
        (Cell(words("identity.none_of_these"), records=rests), Cell(""), Cell(none, style="n"), Cell(""), Cell(""))
    )
    columns = tuple(words(f"identity.{name}") for name in ("candidate", "kind", "chance", "odds", "off"))
    asked = words("identity.asked", given=words.number(result["given"]), reachable=words.number(result["reachable"]))
    return Part(
        name="identity",
        title=words("identity.title"),
        lines=(*identity_lines(case, words), Line(asked, rests)),
        tables=(Table(caption=words("identity.table"), columns=columns, rows=tuple(rows)),),
        listings=(
            Listing(title=words("page.recorded"), lines=_quoted([result["verdict"], *result["assumptions"]], rests)),
        ),
    )


def identity_lines(case: Holdings, words: Words) -> tuple[Line, ...]:
    """Say whether it is told which balloon it was."""
    record = case.finding("identity")
    if record is None:
        return ()
    grade = words.of("identity_grade", record["body"]["result"]["grade"])
    return (Line(words("identity.grade", grade=grade), ids_of(record)),)
