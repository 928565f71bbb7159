"""An incident folder as an RO-Crate: the metadata file that archives of research data read.

References
----------
RO-Crate Metadata Specification 1.1, https://w3id.org/ro/crate/1.1
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from overflight import __version__
from overflight.case.case_file import CASE, Case
from overflight.case.record import Record
from overflight.case.store import FILE

NAME = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1"
TYPES = {".geojson": "application/geo+json", ".nc": "application/netcdf", ".sqlite": "application/vnd.sqlite3",
         ".csv": "text/csv", ".html": "text/html", ".png": "image/png", ".json": "application/json"}  # fmt: skip


def to_crate(case: Case, folder: Path) -> dict[str, Any]:
    """Return the metadata of an incident's folder, which holds the case in ``case/``.

    Evidence and files that the log names are data entities, each with its length and SHA-256; a run of overflight that
    made files is an action with its command. What was redacted is left out.
    """
    records = case.records()
    opening = records[0]
    inside = CASE if case.folder.resolve() != folder.resolve() else "."
    files = [entity for record in records for entity in _file(record, inside)]
    if (case.folder / FILE).is_file():
        files.append(
            _entity(f"{inside}/{FILE}".removeprefix("./"), "The log of the case, its records and their proofs")
        )
    files = list({entity["@id"]: entity for entity in files}.values())
    actions = _actions(records)
    people = {record.author for record in records}
    root = {
        "@id": "./", "@type": "Dataset", "name": str((opening.body or {}).get("title", "An incident")),
        "description": "A balloon incident: evidence, statements, findings and the log that they can be checked by.",
        "datePublished": records[-1].made_at, "license": "No licence is stated for the evidence; ask its source.",
        "identifier": opening.hash, "hasPart": [{"@id": entity["@id"]} for entity in files],
        "author": [{"@id": f"#{name}"} for name in sorted(people)], "mentions": [{"@id": a["@id"]} for a in actions],
    }  # fmt: skip
    about = {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": CONTEXT}}
    agents = [{"@id": f"#{name}", "@type": "Organization", "name": name} for name in sorted(people)]
    software = {"@id": "#software", "@type": "SoftwareApplication", "name": "overflight",
                "softwareVersion": __version__}  # fmt: skip
    graph = [about, root, *files, *actions, *agents, *([software] if actions else [])]
    return {"@context": f"{CONTEXT}/context", "@graph": graph}


def _file(record: Record, inside: str) -> list[dict[str, Any]]:
    body = record.body
    if body is None or record.kind not in ("evidence", "file"):
        return []
    name = body.get("path") if record.kind == "file" else body.get("kept")
    if not name:
        return []
    if record.kind == "file":
        path, text = str(name), f"Written by a run, record {record.number}"
    else:
        path, text = f"{inside}/{name}".removeprefix("./"), f"Evidence: {body.get('name')}; {body.get('source')}"
    return [{**_entity(path, text), "contentSize": str(body.get("bytes")), "sha256": str(body.get("sha256")),
             "dateModified": record.made_at}]  # fmt: skip


def _entity(path: str, text: str) -> dict[str, Any]:
    kind = TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {"@id": path, "@type": "File", "name": Path(path).name, "description": text, "encodingFormat": kind}


def _actions(records: list[Record]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    made = [{"@id": str((r.body or {}).get("path"))} for r in records if r.kind == "file" and r.body is not None]
    for record in records:
        about = (record.body or {}).get("parameters") if record.kind == "finding" else None
        if isinstance(about, dict):
            command = str(about.get("command", ""))
            found.setdefault(command, {
                "@id": f"#run-{record.hash[:16]}", "@type": "CreateAction", "name": command or "a run of overflight",
                "endTime": record.made_at, "instrument": {"@id": "#software"}, "agent": {"@id": f"#{record.author}"},
                "result": made,
            })  # fmt: skip
    return list(found.values())
