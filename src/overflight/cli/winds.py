"""``overflight winds``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, Source, area_of, counted, measured, mirrors, numbers_of
from overflight.cli.screen import bar, say, say_json
from overflight.errors import InvalidInput, OutOfCoverage

if TYPE_CHECKING:
    from overflight.winds.holdings import Holding


def fetch_(
    source: Annotated[Source, Parameter(help="Where from.")],
    *,
    start: Annotated[str, Parameter(help="First instant, with offset: 2023-02-01T00:00:00Z.")],
    end: Annotated[str, Parameter(help="Last instant, with offset.")],
    area: Annotated[
        str | None,
        Parameter(help="South,west,north,east in degrees; the globe where not given.", allow_leading_hyphen=True),
    ] = None,
    levels: Annotated[str | None, Parameter(help="Pressure levels in hPa, as 100,70,50.")] = None,
    resolution: Annotated[str | None, Parameter(help="Grid in degrees: 0p25, 0p50 or 1p00.")] = None,
    step: Annotated[Literal[1, 2, 3, 6, 12], Parameter(help="Hours between fields.")] = 3,
    url: Annotated[str | None, Parameter(help="A mirror, or a template of addresses.")] = None,
    workers: Annotated[int, counted("Downloads at once.", 1, 64)] = 4,
    json: Json = False,
) -> None:
    """Fetch winds into the local store; the same command resumes."""
    from overflight.geo.times import parse_utc
    from overflight.winds.download import fetch
    from overflight.winds.request import Request

    request = Request(
        source=source, start=parse_utc(start, field="--start"), end=parse_utc(end, field="--end"), area=area_of(area),
        levels_hpa=None if levels is None else numbers_of(levels, "--levels"), resolution=resolution, step_h=step,
    )  # fmt: skip
    config = mirrors() | ({source: url} if url else {})
    report = fetch(request, config=config, workers=workers, progress=bar(f"fetching {source}"))
    if json:
        counts = {"fetched": len(report.fetched), "reused": len(report.reused)}
        say_json(counts | {"failed": report.failed, "bytes": report.bytes})
    report.or_raise()
    if not json:
        say(str(report))


def list_(
    *,
    source: Annotated[Source | None, Parameter(help="Only of this source.")] = None,
    prune: Annotated[bool, Parameter(negative="", help="Delete what would be listed.")] = False,
    older_than: Annotated[
        float | None, measured("With --prune: only files fetched over so many days ago.", 0, 36_500, "days")
    ] = None,
    json: Json = False,
) -> None:
    """List what the local store holds; --prune frees it."""
    from datetime import timedelta

    from overflight.winds.holdings import holdings
    from overflight.winds.store import Store

    if older_than is not None and not prune:
        raise InvalidInput("--older-than", f"{older_than:g} alone", "--prune beside it")
    if prune:
        freed = Store().prune(source=source, older_than=None if older_than is None else timedelta(days=older_than))
        say_json(asdict(freed)) if json else say(str(freed))
        return
    tell(holdings(Store(), source), json)


def tell(held: Sequence[Holding], json: bool) -> None:
    """Print what a store holds."""
    if json:
        say_json([asdict(holding) for holding in held])
    else:
        say("\n".join(map(str, held)) or "the store is empty; `overflight winds fetch` fills it")


def info_(
    winds: Annotated[str, Parameter(help="File, folder, pattern, or a stored source (gfs, gefs, era5, ecmwf).")],
    /,
    *,
    json: Json = False,
) -> None:
    """Say what a file or stored source of winds holds."""
    from overflight.winds import open_winds
    from overflight.winds.holdings import holdings
    from overflight.winds.open import is_stored
    from overflight.winds.store import Store
    from overflight.winds.summary import summary

    name, _, grid = winds.lower().partition("-")
    held = [holding for holding in holdings(Store(), name) if grid in ("", holding.grid)] if is_stored(winds) else []
    if is_stored(winds) and not held:
        raise OutOfCoverage(f"stored winds of {winds}", "any", "nothing", "`overflight winds fetch` brings them")
    try:
        about = summary(open_winds(winds))
    except OutOfCoverage:
        if not held:
            raise
        tell(held, json)  # a store may have holes that no single dataset bridges
        return
    lines = [f"{name:<10}{value}" for name, value in about.items() if value not in ("", None)]
    say_json(about) if json else say("\n".join(lines))
