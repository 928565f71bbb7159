"""``overflight notify``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, counted, measured
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    import xarray as xr

    from overflight.line.notices import Recipients

SUFFIXES = (".txt", ".xml", ".geojson", ".kml", ".czml", ".json")
STATED = ("identification", "classification", "description", "transponder", "operator", "phone", "launch_site",
          "interval", "reason", "refers_to", "balloons")  # fmt: skip
"""Options that state an item of the notice, by its name in the record."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a notice, in the order of the help."""

    kind: Annotated[
        Literal["pre-launch", "launch", "position", "descent", "cancellation", "loss", "ended"],
        Parameter(help="Which notice of ICAO Annex 2, Appendix 5."),
    ]
    tell: Annotated[float, measured("Tell whom it enters with this probability or more.", 0.001, 1.0, "")] = 0.05
    identification: Annotated[str, Parameter(name="--id", help="Flight identification or project code name.")] = ""
    classification: Annotated[
        Literal["light", "medium", "heavy", ""], Parameter(name="--class", help="Class of the balloon by its payload.")
    ] = ""
    description: Annotated[str, Parameter(help="Description of balloon and payload.")] = ""
    transponder: Annotated[str, Parameter(help="SSR code, aircraft address or NDB frequency, or none.")] = ""
    operator: Annotated[str, Parameter(help="Operator's name.")] = ""
    phone: Annotated[str, Parameter(help="Operator's telephone number.")] = ""
    launch_site: Annotated[
        str, Parameter(name="--site", help="Launch site; where the track begins on the ground if not given.")
    ] = ""
    launch_time: Annotated[
        str | None, Parameter(help="Time of launch, with offset; when the track begins on the ground if not given.")
    ] = None
    balloons: Annotated[int | None, counted("Number of balloons, where there are several.", 1, 10_000)] = None
    interval: Annotated[str, Parameter(help="Interval between several launches, in words.")] = ""
    at: Annotated[
        str | None,
        Parameter(
            help="Time of the position, with offset; the track's first if not given, of a descent one hour before it."
        ),
    ] = None
    reason: Annotated[str, Parameter(help="Reason of a cancellation or loss.")] = ""
    refers_to: Annotated[str, Parameter(help="Earlier notice that this one updates or cancels, by its reference.")] = ""
    sender: Annotated[str, Parameter(help="Who sends it; the operator if not given.")] = ""
    sent: Annotated[str | None, Parameter(help="Time of the notice, with offset; now if not given.")] = None
    status: Annotated[
        Literal["draft", "actual", "exercise", "test"], Parameter(help="Status; drafts are marked as such.")
    ] = "draft"
    incomplete: Annotated[bool, Parameter(negative="", help="Write it with items missing, marked as not stated.")] = (
        False
    )
    view: Annotated[
        str, Parameter(help="Whose point of view assigns disputed areas, three letters of ISO 3166; else apart.")
    ] = ""
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"],
            help="File to write: text with drafts of NOTAMs as .txt, CAP 1.2 as .xml, .geojson, .kml, .czml, or the "
            "record as .json.",
        ),
    ] = None
    json: Json = False


def notify(
    tracks: Annotated[Path, Parameter(help="Trajectories as NetCDF or Zarr, as forecast and launch write them.")],
    *,
    asked: Asked,
) -> None:
    """Write a notice of an unmanned free balloon, and say who is to be told, when and how sure.

    What the track tells is taken from it; the rest is stated by options, and asked for by name where it is missing.
    """
    from overflight.case.placing import require_place
    from overflight.cli.airspace import trajectories
    from overflight.line.notices import Sending, notice_of, write
    from overflight.line.notices.write import write_plain

    if asked.output is not None:
        require_place(asked.output, SUFFIXES)
    times = {name: instant(getattr(asked, name), option) for name, option in TIMES.items()}
    data = trajectories(tracks)
    sending = Sending(sent=times["sent"] or now(), sender=asked.sender, status=asked.status.capitalize())
    items = stated(asked, times)
    notice = notice_of(data, asked.kind, told(data, asked), items, sending, incomplete=asked.incomplete)
    if asked.output is not None:
        write(notice, asked.output)
        remark(f"written: {asked.output}")
    if asked.json:
        say_json(notice.to_json())
    elif asked.output is None:
        say(write_plain(notice).rstrip("\n"))
    else:
        say(summary(notice.recipients))
        say(f"reference {notice.reference}")


TIMES = {"launch_time": "--launch-time", "at": "--at", "sent": "--sent"}


def instant(text: str | None, option: str) -> datetime | None:
    """Read a time with its offset; whole seconds, as notices have them."""
    from overflight.geo.times import parse_utc, to_datetime64

    if text is None:
        return None
    found = parse_utc(text, field=option).replace(microsecond=0)
    to_datetime64(found, field=option)
    return found


def now() -> datetime:
    """Return the time, to the second."""
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(microsecond=0)


def stated(asked: Asked, times: dict[str, datetime | None]) -> dict[str, Any]:
    """Return what the options state, by the names of the record."""
    given = {name: value for name, value in asdict(asked).items() if name in STATED}
    if asked.interval and not (asked.balloons or 0) > 1:
        raise InvalidInput("--interval", repr(asked.interval), "--balloons 2 or more beside it")
    return given | {"launch_time": times["launch_time"], "time": times["at"]}


def told(data: xr.Dataset, asked: Asked) -> Recipients:
    """Find who is to be told."""
    from overflight.airspace import ledger
    from overflight.cli.airspace import service_regions
    from overflight.line.notices import recipients

    states = ledger(data, view=asked.view.upper())
    return recipients(states, service_regions(data, float("-inf"), float("inf")), tell=asked.tell)


def summary(found: Recipients) -> str:
    """Say who is to be told, in few lines."""
    lines = [f"to be told: {len(found.told)}, entered with a probability of {found.tell:.1%} or more"]
    lines += [f"{one.entry.q05:%d %b %H:%M} UTC {one.name} ({one.kind}): {one.chance}" for one in found.told]
    if found.missing:
        lines.append(f"Flight information regions are not at hand: {found.missing}.")
    return "\n".join(lines)
