"""Re-compute a case: hashes, chain, bodies, files, keys, signed heads, redactions, closing, seal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from overflight.case import old_log
from overflight.case.canonical import is_canonical
from overflight.case.case_file import CASE, OLD_LOG, Case, is_case
from overflight.case.files import file_problem, names_file
from overflight.case.heads import Head, opened_head, read_head
from overflight.case.keyring import Keyring
from overflight.case.merkle import Tree
from overflight.case.record import KINDS, Record, digest_of_body, hash_of
from overflight.case.seal import check_seal
from overflight.case.store import FILE, record_of
from overflight.case.timestamp import check_stamp, library
from overflight.errors import InvalidInput, OverflightError, Tampered
from overflight.geo.times import parse_utc

_TEXTS = ("kind", "made_at", "author", "label", "inputs", "body_sha256", "previous", "hash")
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a re-computation of a case found.

    Attributes
    ----------
    records : int. Records that hold.
    evidence, files : int. Evidence kept, and files beside the case, that hold.
    head : str. Hash of the last record. Kept elsewhere, it tells a log that was written anew as a whole, or cut.
    root : str. Root of the Merkle tree over all records.
    signed : int. How many of the records the last signed head of this log covers; 0 where none is signed.
    signer : str. Party and fingerprint of that head, or "".
    problems : sentences; none means that the case, and what it names, is as it was written.
    notes : sentences on what is not covered.
    """

    records: int
    evidence: int
    files: int
    head: str
    root: str = ""
    signed: int = 0
    signer: str = ""
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the finding in one line."""
        if self.problems:
            return "; ".join(self.problems)
        by = f"; the first {self.signed} signed by {self.signer}" if self.signed else ""
        held = f"{self.records} records, {self.evidence} evidence and {self.files} other files hold"
        return "; ".join([f"{held}{by}; head {self.head}", *self.notes])

    def or_raise(self) -> Verification:
        """Return the verification, or raise Tampered."""
        if self.problems:
            raise Tampered(str(self))
        return self


def verify(folder: Path, roots: Sequence[x509.Certificate] = ()) -> Verification:
    """Re-compute every hash of a case, and every digest and signature in it.

    Parameters
    ----------
    folder : an incident's folder, or the case in it. A log of an older version is read as well.
    roots : certificates of the authorities whose time-stamps hold.

    Raises
    ------
    InvalidInput
        The folder holds no case, or it cannot be read.
    """
    inside = folder / CASE
    folder = inside if is_case(inside) or (inside / OLD_LOG).is_file() else folder
    if not is_case(folder) and (folder / OLD_LOG).is_file():
        return _of_old(folder)
    checks = _Checks(folder, tuple(roots))
    try:
        with Case.open(folder) as case:
            checks.run(case)
    except Tampered as problem:
        checks.say(str(problem))
    if (folder / FILE).is_file():
        problems, notes = check_seal(folder)
        checks.problems += problems
        checks.notes += notes
    return checks.result()


def _of_old(folder: Path) -> Verification:
    found = old_log.verify(folder)
    note = f"{OLD_LOG} is of an earlier overflight: it has no signatures, and nothing can be added to it"
    return Verification(records=found.records, evidence=found.evidence, files=found.files, head=found.head,
                        problems=found.problems, notes=(note,))  # fmt: skip


class _Checks:
    """What is known of a case while its records pass, once and in order."""

    def __init__(self, folder: Path, certificates: tuple[x509.Certificate, ...]) -> None:
        self.folder, self.certificates = folder, certificates
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.ring, self.tree = Keyring(), Tree()
        self.held = {"evidence": 0, "file": 0}
        self.count, self.expected, self.previous, self.log = 0, 1, "", ""
        self.closes, self.closed, self.last_kind = False, 0, ""
        self.redacted: dict[int, tuple[int, str]] = {}
        self.without: dict[int, str] = {}
        self.roots: dict[int, str] = {}
        self.foreign: dict[tuple[str, int], tuple[str, int]] = {}
        self.head: tuple[Head, str] | None = None

    def say(self, problem: str) -> None:
        """Keep a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def run(self, case: Case) -> None:
        """Let all records pass."""
        with case.store.reading() as connection:
            wanted = set(_sizes(case.store.rows(connection, ("head", "stamp"))))
        with case.store.reading() as connection:
            for row in case.store.rows(connection):
                self.take(row)
                if self.tree.size in wanted:
                    self.roots[self.tree.size] = self.tree.root().hex()
        self.end()

    def take(self, row: Any) -> None:
        """Check one record."""
        number = row.number
        if not isinstance(number, int) or any(not isinstance(getattr(row, name), str) for name in _TEXTS):
            self.say(f"record {number}: its fields are not those of a record")
            return
        try:
            record = record_of(row)
            computed = hash_of(record.header())
        except (OverflightError, ValueError) as problem:
            self.say(f"record {number}: {problem}".replace(f"record {number}: record {number}: ", f"record {number}: "))
            self.step(number, row.hash)
            return
        wrong = [*self.misplaced(record, computed), *self.of_body(record, row.body)]
        for text in wrong:
            self.say(f"record {number}: {text}")
        self.count += not wrong
        self.step(number, record.hash)
        if not wrong:
            self.of_kind(record)

    def step(self, number: int, found: str) -> None:
        """Go on to the next record."""
        self.expected, self.previous = number + 1, found
        try:
            self.tree.append(bytes.fromhex(found))
        except ValueError:
            self.tree.append(b"")

    def misplaced(self, record: Record, computed: str) -> Iterator[str]:
        """Yield what is wrong with a record's hash and place."""
        if record.number != self.expected:
            yield f"it stands where record {self.expected} is expected"
        if computed != record.hash:
            yield f"its hash is {computed}, the record says {record.hash}"
        if record.previous != self.previous:
            yield f"it does not follow record {record.number - 1}"
        if record.kind not in KINDS:
            yield f"its kind is {record.kind!r}"
        if (record.kind == "opening") != (record.number == 1):
            yield "an opening is the first record, and the first record an opening"
        try:
            parse_utc(record.made_at)
        except InvalidInput:
            yield f"its time is {record.made_at!r}"

    def of_body(self, record: Record, body: bytes | None) -> Iterator[str]:
        """Yield what is wrong with a body."""
        if body is None and record.salt is None:
            self.without[record.number] = record.body_sha256
        elif not isinstance(body, bytes) or not isinstance(record.salt, bytes):
            yield "its body or its salt is missing"
        elif digest_of_body(record.salt, body) != record.body_sha256:
            yield f"its body has the digest {digest_of_body(record.salt, body)}, the record says {record.body_sha256}"
        elif not isinstance(record.body, dict) or not is_canonical(body):
            yield "its body is not canonical JSON"

    def of_kind(self, record: Record) -> None:
        """Check what a record of its kind says."""
        body, kind = record.body, record.kind
        if kind not in ("head", "stamp"):
            self.last_kind = kind
        if kind == "closing":
            self.closed = record.number
        if body is None:
            return
        if kind == "opening":
            self.log, self.closes = record.hash, bool(body.get("closes"))
        if kind == "redaction":
            self.redacted[_number(body.get("record"))] = record.number, str(body.get("body_sha256"))
        check = {"opening": self.of_key, "key": self.of_key, "head": self.of_head, "stamp": self.of_stamp,
                 "evidence": self.of_file, "file": self.of_file}.get(kind)  # fmt: skip
        if check is not None:
            try:
                check(record, body)
            except OverflightError as problem:
                self.say(f"record {record.number}: {problem}")

    def of_key(self, record: Record, _: dict[str, Any]) -> None:
        """Take the key that a record names."""
        self.ring.take(record)

    def of_file(self, record: Record, body: dict[str, Any]) -> None:
        """Check the file that a record names."""
        if names_file(record.kind, body):
            wrong = file_problem(self.folder, record.kind, body)
            if wrong is not None:
                raise Tampered(wrong)
            self.held[record.kind] += 1

    def of_stamp(self, record: Record, body: dict[str, Any]) -> None:
        """Check a time-stamp of this log."""
        head = body.get("head")
        size = _number(head.get("size")) if isinstance(head, dict) else 0
        if not isinstance(head, dict) or self.roots.get(size) != head.get("root") or size >= record.number:
            raise Tampered("the stamped head is not that of this log")
        try:
            library()
        except InvalidInput as problem:
            self.notes.append(f"record {record.number}: its time-stamp was not checked: {problem}")
            return
        made_at = check_stamp(body, self.certificates)
        by = "by an authority that is trusted" if self.certificates else "not checked against a root: give --tsa FILE"
        self.notes.append(f"the first {size} records were there at {made_at}, {by}")

    def of_head(self, record: Record, body: dict[str, Any]) -> None:
        """Check a signed head: of this log against its records, of another against the others of it."""
        head, key = opened_head(body.get("envelope"), self.ring.live(at=record.number))
        if head.log == self.log:
            if head.size >= record.number or self.roots.get(head.size) != head.root:
                raise Tampered(f"the signed head of {head.size} records is not that of this log")
            if self.head is None or head.size >= self.head[0].size:
                self.head = head, key.id
            return
        root, at = self.foreign.setdefault((head.log, head.size), (head.root, record.number))
        if root != head.root:
            raise Tampered(f"a fork: {body.get('party')} signed another head of {head.size} records in record {at}")

    def end(self) -> None:
        """Check what shows at the end only."""
        if not self.tree.size:
            self.say("the log is empty")
        elif self.closes and not self.closed:
            self.say(
                f"the log ends with record {self.tree.size} and no closing: its tail is cut off, or it is not done"
            )
        elif self.last_kind != "closing":
            self.notes.append(
                "the case is open" if not self.closed else f"the case is open again after record {self.closed}"
            )
        for number, digest in self.without.items():
            if self.redacted.get(number, (0, ""))[1] != digest:
                self.say(f"record {number}: its body is missing, and no redaction says why")
        for number, (by, _) in self.redacted.items():
            if number not in self.without:
                self.say(f"record {by}: it redacts record {number}, whose body is there")

    def result(self) -> Verification:
        """Return what was found."""
        signed, signer = 0, ""
        if self.head is not None:
            state = self.ring.states[self.head[1]]
            signed, signer = self.head[0].size, f"{state.party} ({state.key.fingerprint})"
        return Verification(
            records=self.count, evidence=self.held["evidence"], files=self.held["file"], head=self.previous,
            root=self.tree.root().hex(), signed=signed, signer=signer, problems=tuple(self.problems),
            notes=tuple(self.notes),
        )  # fmt: skip


def _sizes(rows: Iterator[Any]) -> Iterator[int]:
    """Yield the sizes that signed heads are of."""
    for row in rows:
        try:
            body = json.loads(row.body)
            yield _number(body["head"]["size"]) if row.kind == "stamp" else read_head(body["envelope"])[0].size
        except (OverflightError, ValueError, TypeError, KeyError, RecursionError):
            continue


def _number(value: Any) -> int:
    return value if type(value) is int else 0
