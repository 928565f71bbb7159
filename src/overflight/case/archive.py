"""A case as one file to hand over: a ZIP without compression or times, the same bytes for the same case.

``records.jsonl`` holds the records in canonical JSON, ``evidence/`` the evidence that is kept, ``beside/`` the files
that the log names beside the case.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from overflight.case.canonical import canonical, parsed
from overflight.case.case_file import CASE, EVIDENCE, Case, told
from overflight.case.files import file_problem, names_file
from overflight.case.placing import placed, remove
from overflight.case.record import Record
from overflight.case.store import FILE, Store
from overflight.case.verify import Verification, verify
from overflight.errors import InvalidInput

SUFFIX = ".ovf"
RECORDS, BESIDE = "records.jsonl", "beside"
LONGEST_RECORD = 256 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TEXTS = ("author", "body_sha256", "hash", "kind", "label", "made_at", "previous")


def write_archive(folder: Path, path: Path) -> None:
    """Write a case and all files that it names to one file.

    Raises
    ------
    InvalidInput
        A file that it names is not there as it was recorded, or the place cannot be written.
    """
    with Case.open(folder) as case:
        records = case.records()
    named = dict(_named(folder, records))

    def write(beside: Path) -> None:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
            with archive.open(zipfile.ZipInfo(RECORDS, _EPOCH), "w", force_zip64=True) as stream:
                for record in records:
                    stream.write(canonical(record.to_json()) + b"\n")
            for name in sorted(named):
                with (
                    archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as stream,
                    named[name].open("rb") as source,
                ):
                    shutil.copyfileobj(source, stream)

    placed(path, write)


def _named(folder: Path, records: list[Record]) -> Iterator[tuple[str, Path]]:
    for record in records:
        if record.body is None or not names_file(record.kind, record.body):
            continue
        wrong = file_problem(folder, record.kind, record.body)
        if wrong is not None:
            raise InvalidInput("case", f"record {record.number}: {wrong}", "files as they were recorded")
        if record.kind == "evidence":
            yield str(record.body["kept"]), folder / str(record.body["kept"])
        else:
            yield f"{BESIDE}/{record.body['path']}", folder.resolve().parent / str(record.body["path"])


def read_archive(path: Path, folder: Path) -> Verification:
    """Make the incident folder of a case from its one file, and verify it; nothing is left where that fails.

    Raises
    ------
    InvalidInput
        The file is none of a case, or the folder is not empty.
    Tampered
        The case does not verify.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput("case", str(folder), "a new or empty folder")
    try:
        with told(path), zipfile.ZipFile(path) as archive:
            _unpack(archive, folder)
        return verify(folder).or_raise()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeDecodeError) as problem:
        remove(folder)
        raise InvalidInput("case", f"{path} ({problem})", f"a file that case export wrote ({SUFFIX})") from None
    except BaseException:
        remove(folder)
        raise


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if RECORDS not in names or len(set(names)) != len(names):
        raise InvalidInput("case", "another ZIP", f"one with {RECORDS}, each name once")
    (folder / CASE / EVIDENCE).mkdir(parents=True)
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise InvalidInput("case", f"{member.filename}, compressed or encrypted", "a ZIP that only stores")
        if member.filename != RECORDS:
            target = folder / _place(member.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("xb") as stream:
                shutil.copyfileobj(source, stream)
    store = Store.of_file(folder / CASE / FILE, create=True)
    try:
        with archive.open(RECORDS) as lines, store.writing() as connection:
            rows: list[dict[str, Any]] = []
            while line := lines.readline(LONGEST_RECORD):
                rows.append(_row(line))
                if len(rows) == 1000:
                    store.add(connection, rows)
                    rows = []
            if rows:
                store.add(connection, rows)
    finally:
        store.close()
    case = Case.open(folder / CASE)
    case.seal()
    case.close()


def _place(name: str) -> Path:
    parts = PurePosixPath(name).parts
    is_safe = len(parts) >= 2 and not {"..", ".", "/", ""} & set(parts) and "\\" not in name and ":" not in name
    if is_safe and parts[0] == EVIDENCE and len(parts) == 2:
        return Path(CASE, *parts)
    if is_safe and parts[0] == BESIDE and parts[1] != CASE:
        return Path(*parts[1:])
    raise InvalidInput("case", f"a file named {name!r}", f"files in {EVIDENCE}/ and {BESIDE}/")


def _row(line: bytes) -> dict[str, Any]:
    """Return a line of the archive as a row of the store; what it says is verified afterwards."""
    data = parsed(line, RECORDS)
    if not isinstance(data, dict) or any(not isinstance(data.get(name), str) for name in _TEXTS):
        raise InvalidInput(RECORDS, "a line of another form", "a record a line")
    if data.get("version") != 1:
        raise InvalidInput(RECORDS, f"version {data.get('version')!r}", "version 1", hint="a newer overflight reads it")
    salt, body, number = data.get("salt"), data.get("body"), data.get("id")
    try:
        row = {name: data[name] for name in _TEXTS}
        row |= {"number": _number(number), "inputs": canonical(list(data["inputs"])).decode()}
        row |= {
            "salt": None if salt is None else bytes.fromhex(salt),
            "body": None if body is None else canonical(body),
        }
    except (TypeError, ValueError, KeyError):
        raise InvalidInput(RECORDS, "a line of another form", "a record a line") from None
    return row


def _number(value: Any) -> int:
    if type(value) is not int or not 0 < value < 2**31:
        raise ValueError("no number")
    return value
