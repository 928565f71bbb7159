"""``overflight winds``."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.demo import mirrors
from overflight.cli.options import Area, Json, Levels, area_of, numbers_of
from overflight.cli.screen import bar, say, say_json


def fetch_(
    source: Literal["gfs", "gefs", "era5", "ecmwf"],
    *,
    start: Annotated[str, Parameter(help="First instant, with offset.")],
    end: Annotated[str, Parameter(help="Last instant, with offset.")],
    area: Area = None,
    levels: Levels = None,
    resolution: Annotated[str | None, Parameter(help="0p25, 0p50 or 1p00.")] = None,
    step: Annotated[int, Parameter(help="Hours between fields.")] = 3,
    url: Annotated[str | None, Parameter(help="A mirror, or a template of addresses.")] = None,
    workers: int = 4,
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
        say_json(
            {
                "fetched": len(report.fetched),
                "reused": len(report.reused),
                "failed": report.failed,
                "bytes": report.bytes,
            }
        )
    else:
        say(str(report))
    report.or_raise()


def list_(
    *,
    source: str | None = None,
    prune: Annotated[bool, Parameter(negative="", help="Delete what is listed.")] = False,
    older_than: Annotated[
        float | None, Parameter(help="With --prune: only files fetched over so many days ago.")
    ] = None,
    json: Json = False,
) -> None:
    """List what the local store holds; --prune frees it."""
    from datetime import timedelta

    from overflight.winds.holdings import holdings
    from overflight.winds.store import Store

    store = Store()
    if prune:
        freed = store.prune(source=source, older_than=None if older_than is None else timedelta(days=older_than))
        say(str(freed))
        return
    held = [str(holding) for holding in holdings(store, source)]
    if json:
        say_json(held)
    else:
        say("\n".join(held) or "the store is empty; `overflight winds fetch` fills it")


def info_(winds: str, /, *, json: Json = False) -> None:
    """Say what a file or stored source of winds holds."""
    from overflight.winds import open_winds
    from overflight.winds.summary import summary

    about = summary(open_winds(winds))
    if json:
        say_json(about)
    else:
        say("\n".join(f"{name:<10}{value}" for name, value in about.items() if value not in ("", None)))
