"""Files of sightings on the command line: which, in what format, with what errors, and where refused rows go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from overflight.cli.screen import remark

if TYPE_CHECKING:
    from overflight.sightings import Reading

Files = Annotated[
    list[Path],
    Parameter(help="Files of sightings of one object: table, GeoJSON, KML, GPX, SondeHub, APRS, WSPR, ADS-B, sounding, "
              "plain reports."),
]  # fmt: skip


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """How files of sightings are read, in the order of the help."""

    format: Annotated[str | None, Parameter(help="Their format, where it cannot be told from each file.")] = None
    errors: Annotated[
        tuple[str, ...],
        Parameter(help="Errors where a source states none, once a kind: gpx:position=50m,time=1s.", negative=""),
    ] = ()
    rejects: Annotated[Path | None, Parameter(help="CSV to write rows to that are refused, with the reason.")] = None
    assume_utc: Annotated[bool, Parameter(negative="", help="Take times without offset as UTC.")] = False
    object_: Annotated[str | None, Parameter(name="--object", help="The object to take, where there are several.")] = (
        None
    )

    def options(self) -> dict[str, Any]:
        """Return the options as the command line had them."""
        return {"format": self.format, "errors": self.errors, "assume_utc": self.assume_utc,
                "object": self.object_}  # fmt: skip


AS_TOLD = Reported()
"""Each file as it tells of itself."""


def reading_of(files: Sequence[Path], how: Reported) -> Reading:
    """Read files of one object, write what was refused, and remark on both."""
    from overflight.case.placing import require_place
    from overflight.sightings import read_all
    from overflight.sightings.defaults import defaults_of
    from overflight.sightings.rejects import write_rejects

    if how.rejects is not None:
        require_place(how.rejects, (".csv",))
    found = read_all(files, how.format, assume_utc=how.assume_utc, object_label=how.object_,
                     defaults=defaults_of(how.errors))  # fmt: skip
    remark(str(found))
    if how.rejects is not None:
        write_rejects(how.rejects, found.problems)
        remark(f"written: {how.rejects}")
    return found
