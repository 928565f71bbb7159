"""Write a notice; the suffix names the format, and a file is in its place whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from overflight.case.placing import placed, require_place, write_text
from overflight.line.notices.cap import write_cap
from overflight.line.notices.czml import write_czml
from overflight.line.notices.geojson import write_geojson
from overflight.line.notices.kml import write_kml
from overflight.line.notices.notam import drafts
from overflight.line.notices.notice import Notice
from overflight.line.notices.wording import body

NO_REGION = "The flight information region is not known; XXXX stands in its place."
NOT_A_NOTAM = "Drafts in NOTAM format. Only an aeronautical information service issues a NOTAM."


def write_plain(notice: Notice) -> str:
    """Return the notice as text, with a draft in NOTAM format for each flight information region."""
    lines = [*body(notice), "", NOT_A_NOTAM]
    if not notice.recipients.services and notice.recipients.missing:
        lines.append(NO_REGION)
    for text in drafts(notice):
        lines += ["", text]
    return "\n".join(lines) + "\n"


def write_json(notice: Notice) -> str:
    """Return the notice as JSON in SI units."""
    return json.dumps(notice.to_json(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


WRITERS: dict[str, Callable[[Notice], str]] = {
    ".txt": write_plain,
    ".xml": write_cap,
    ".geojson": write_geojson,
    ".kml": write_kml,
    ".czml": write_czml,
    ".json": write_json,
}


def write(notice: Notice, path: Path) -> None:
    """Write a notice to a file.

    Raises
    ------
    InvalidInput
        The suffix is not known, or the file cannot be written.
    """
    require_place(path, WRITERS)
    text = WRITERS[path.suffix.lower()](notice)
    placed(path, lambda beside: write_text(beside, text))
