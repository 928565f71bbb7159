"""``overflight drift-test``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Level, Output, Seed, Winds, counted, level_of, opened, seed_of
from overflight.cli.reported import AS_TOLD, Files, Reported, reading_of
from overflight.cli.screen import remark, say, say_json, stages
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overflight.infer import DriftTest
    from overflight.sightings import Sighting

SUFFIXES = (".json", ".png", ".svg")


def drift_test(
    sightings: Files,
    *,
    winds: Winds,
    each: Annotated[
        bool, Parameter(negative="", help="Each file is another object: test all, and control for their number.")
    ] = False,
    level: Level = None,
    real_flights: Annotated[
        Path | None,
        Parameter(help="CSV of p_value and p_value_powered that this test gave real flights that nobody steered."),
    ] = None,
    simulated: Annotated[int, counted("Most tracks simulated for a p-value.", 99, 1_000_000)] = 999,
    detail: Annotated[
        bool, Parameter(help="Also Bayes factors, velocity and level in time, sensitivity, the whole table of power.")
    ] = True,
    how: Reported = AS_TOLD,
    seed: Seed = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Say whether the winds alone explain a track, how strongly, and what could have been noticed."""
    from overflight import infer
    from overflight.case.placing import require_place
    from overflight.infer.hypotheses.real_flights import read_real_flights
    from overflight.winds import members as members_of

    if output is not None:
        require_place(output, SUFFIXES)
        if each:
            raise InvalidInput("--output", "--each", "one object; --json prints all of them")
    inputs = infer.Inputs() if level is None else infer.Inputs(level_range_m=level_of(level))
    flights = None if real_flights is None else read_real_flights(real_flights)
    batches = [[path] for path in sightings] if each else [sightings]
    objects = [reading_of(files, how).sightings for files in batches]
    times = [s.time for seen in objects for s in seen]
    field = members_of(opened(winds, (min(times), max(times)), heights=True))[0]
    seed, tell = seed_of(seed), stages()
    found = []
    for number, seen in enumerate(objects):
        if tell is not None:
            tell("drift test", number, len(objects))
        found.append(infer.drift_test(seen, field, seed=seed, simulated=simulated, inputs=inputs,
                                      real_flights=flights, detail=detail))  # fmt: skip
    if output is not None:
        write(found[0], objects[0], output)
        remark(f"written: {output}")
    report(found, [path.name for path in sightings] if each else [], json)


def report(found: Sequence[DriftTest], names: Sequence[str], json: bool) -> None:
    """Print one finding, or those of many objects with their false discovery rates."""
    from overflight import infer

    if not names:
        say_json(found[0].to_json()) if json else say(_told(found[0]))
        return
    rates = infer.false_discovery([one.p_value_powered for one in found])
    if json:
        say_json([{"file": name, "false_discovery_rate_powered": float(rate), **one.to_json()}
                  for name, rate, one in zip(names, rates, found, strict=True)])  # fmt: skip
        return
    say(f"{len(found)} objects tested; the rate is that of false discoveries among all called powered up to that one")
    for name, rate, one in sorted(zip(names, rates, found, strict=True), key=lambda row: row[1]):
        say(f"{name}: {one.verdict}; p = {one.p_value:.2g} of one level, {one.p_value_powered:.2g} of any levels, "
            f"false discovery rate {rate:.2g}")  # fmt: skip


def write(found: DriftTest, seen: Sequence[Sighting], path: Path) -> None:
    """Write the finding as JSON, or its figure."""
    from overflight.case import export
    from overflight.case.placing import write_figure
    from overflight.case.report.case_charts import drift
    from overflight.case.report.words import words
    from overflight.geo.times import iso

    if path.suffix.lower() == ".json":
        export.write_json(found.to_json(), path)
        return
    write_figure(drift(found.to_json(), iso(min(s.time for s in seen)), words("en")), path)


def _told(found: DriftTest) -> str:
    lines = [f"{found} (seed {found.seed})"]
    if found.detail is not None:
        for factor in found.detail.bayes_factors:
            value = "not told" if factor.log10 is None else f"{factor.log10:+.2f}"
            lines.append(f"log10 Bayes factor of {factor.story} against drift at one level: {value} ({factor.prior})")
        lines += [f"with wind error x {s.factor:g}: p = {s.p_value:.2g} of one level, {s.p_value_powered:.2g} of any "
                  "levels" for s in found.detail.sensitivity]  # fmt: skip
    return "\n".join([*lines, *(f"- {text}" for text in (*found.assumptions, *found.limits))])
