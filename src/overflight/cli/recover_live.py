"""``overflight recover live``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from overflight.cli.options import Json, Seed, Winds, counted, measured, opened, seed_of, value_of
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.geo.spread import Spread
    from overflight.recover.live import Forecast, Frame, LiveDescent

DENSITIES = (".geojson", ".json", ".parquet")
AHEAD = timedelta(hours=12)
"""How far winds must reach beyond what is heard."""
HEADING = "time                  altitude m  lands at              half within km  90 % within km  fall speed m/s"


def live_(
    serial: Annotated[str, Parameter(help="Serial of the radiosonde.")],
    *,
    winds: Winds,
    frames: Annotated[
        tuple[Path, ...],
        Parameter(negative="", help="Rows of SondeHub that were kept; without, its live feed is listened to."),
    ] = (),
    seconds: Annotated[float, measured("How long to listen, s.", 1, 86_400, "s")] = 7_200.0,
    heard: Annotated[Path | None, Parameter(help="Where to keep what is heard, .jsonl.")] = None,
    broker: Annotated[
        str | None, Parameter(help="Broker to listen to instead of SondeHub's: mqtt://HOST:1883.")
    ] = None,
    apart: Annotated[float, measured("Least time between two updates, s.", 0, 3_600, "s")] = 10.0,
    fall_speed: Annotated[
        str, Parameter(help="Speed under the parachute at sea level before anything is heard, m/s.")
    ] = "5+-1.25",
    members: Annotated[int, counted("Members.", 50, 100_000)] = 400,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"], help="Cells of the density, written anew at each update: .geojson, .parquet."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Follow a descent frame by frame: where it will land, more surely with each frame."""
    from overflight.case.placing import require_place
    from overflight.recover.follow import frames_in, frames_of, on_the_way_down
    from overflight.sightings.sondehub import telemetry
    from overflight.sightings.sondehub_live import messages, signed_address, write_down

    if output is not None:
        require_place(output, DENSITIES)
    if heard is not None:
        require_place(heard, (".jsonl",))
    known = frames_of(telemetry(frames), serial) if frames else []
    start = partial(begin, winds, speed_of(fall_speed), members, seed_of(seed), known)
    tell = partial(told, json=json, output=None if known else output)
    if known:
        last = follow(start, on_the_way_down(known, apart), tell)
        if last is None:
            raise InvalidInput("frames", f"no descent of {serial}", "frames below its highest")
        put(last, output)
        return
    feed = messages(broker or signed_address, [f"sondes/{serial}"], seconds=seconds)
    if heard is None:
        last = follow(start, on_the_way_down(frames_in(feed, serial), apart), tell)
    else:
        kept: list[bytes] = []
        try:
            last = follow(start, on_the_way_down(frames_in(noting(feed, kept), serial), apart), tell)
        finally:  # an interruption too leaves what was heard
            if write_down(heard, kept):
                remark(f"written: {heard}")
    if last is None:
        remark(f"note: nothing of {serial} on its way down was heard")


def noting(feed: Iterable[bytes], kept: list[bytes]) -> Iterator[bytes]:
    """Pass messages on, and keep them."""
    for message in feed:
        kept.append(message)
        yield message


def speed_of(text: str) -> Spread:
    """Read the speed as a lognormal belief."""
    from overflight.geo.spread import Spread

    value = value_of(text, "--fall-speed", 0.1, 100.0, "m/s")
    middle, width = (value.a, value.b) if isinstance(value, Spread) else (float(value), 0.0)  # type: ignore[arg-type]
    return Spread("lognormal", middle, max(width / middle, 0.01), low=0.2, high=90.0)


def begin(winds: str, speed: Spread, members: int, seed: int, known: list[Frame], first: Frame) -> LiveDescent:
    """Open the winds about the first frame, and begin to follow."""
    from overflight.drift.pack import WindPack
    from overflight.geo.times import to_datetime
    from overflight.recover.live import LiveDescent
    from overflight.winds import members as members_of

    last = to_datetime(known[-1].time) if known else datetime.now(UTC)
    window = (to_datetime(first.time), max(last, to_datetime(first.time)) + AHEAD)
    field = opened(winds, window, near=(first.lat, first.lon), heights=True)
    pack = WindPack(members_of(field)[0], densities=True, keep=4)
    return LiveDescent(pack, seed=seed, members=members, speed=speed)


def follow(start: Any, frames: Iterable[Frame], tell: Any) -> Forecast | None:
    """Update with each frame, and tell; return the last forecast."""
    descent, found = None, None
    for frame in frames:
        if descent is None:
            descent = start(frame)
        found = descent.update(frame)
        tell(found, first=descent.updates == 1)
    return found


def told(found: Forecast, *, first: bool, json: bool, output: Path | None) -> None:
    """Say where it will land, and write it."""
    if json:
        say_json(found.to_json())
    else:
        if first:
            say(HEADING)
        about = found.to_json()
        lat, lon = about["point"]
        say(
            f"{about['heard']:20s}  {about['altitude_m']:10,.0f}  {lat:9.4f}, {lon:9.4f}  "
            f"{about['radius_50_km']:14.2f}  {about['radius_90_km']:14.2f}  {about['fall_speed_ms']:14.2f}"
        )
    put(found, output)


def put(found: Forecast, output: Path | None) -> None:
    """Write the cells, as ``recover plan`` reads them."""
    if output is None:
        return
    import numpy as np

    from overflight.case.placing import placed
    from overflight.recover.search import Cells, write_cells

    density = found.density()
    cells = Cells(density, np.full(density.cell.size, ""), (), "under parachute")
    placed(output, lambda beside: write_cells(cells, beside))
