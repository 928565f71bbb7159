"""A case: a folder with its store and its evidence, that records are appended to."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import sqlalchemy as sa

from overflight.case.canonical import canonical, parsed, plain, sha256_of
from overflight.case.heads import Head
from overflight.case.keyring import Keyring
from overflight.case.keys import PublicKey, SecretKey
from overflight.case.merkle import Tree
from overflight.case.record import SALT_BYTES, Draft, Record, digest_of_body, hash_of
from overflight.case.seal import Writers, sync_folder
from overflight.case.store import FILE, Store
from overflight.errors import InvalidInput, Tampered
from overflight.geo.times import iso, parse_utc

CASE, EVIDENCE, STORE = "case", "evidence", "store.json"
OLD_LOG = "log.jsonl"
MOST_SKEW = timedelta(minutes=5)
"""A clock that is further behind the last record is refused."""


class Add(Protocol):
    """Append drafts in the transaction that it belongs to."""

    def __call__(self, drafts: Sequence[Draft], once: bool = False) -> list[Record]:
        """Return the records as they will be on the disk when the transaction has ended."""


class Case:
    """A log that can be appended to. Close it, or use it in a ``with``: closing seals its file.

    Attributes
    ----------
    folder : Path.
    author : who appends.
    store : Store.
    """

    def __init__(self, folder: Path, author: str, store: Store) -> None:
        self.folder, self.author, self.store = folder, author, store
        self._writers = Writers(folder) if not (folder / STORE).exists() else None
        self._tree = Tree()

    @staticmethod
    def create(
        folder: Path, *, title: str, author: str = "overflight", store: str = "", key: SecretKey | None = None,
        closes: bool = False,
    ) -> Case:  # fmt: skip
        """Make a new case in a folder that holds none.

        Parameters
        ----------
        store : URL of a PostgreSQL to keep the records in, or "" for a file in the folder. Its password is not kept:
            libpq takes it from PGPASSWORD or ~/.pgpass.
        key : the author's key, named in the opening.
        closes : the log is written in one go, and not whole without a closing.

        Raises
        ------
        InvalidInput
            There is a case already, or the folder cannot be written.
        """
        if is_case(folder) or (folder / OLD_LOG).exists():
            raise InvalidInput("case", str(folder), "a folder without a case")
        case_id = secrets.token_hex(16)
        with told(folder):
            (folder / EVIDENCE).mkdir(parents=True, exist_ok=True)
            kept = Store.of_url(store, case_id, create=True) if store else Store.of_file(folder / FILE, create=True)
            if store:
                about = {"url": kept.engine.url.set(password=None).render_as_string(), "case": case_id}
                (folder / STORE).write_text(json.dumps(about) + "\n", encoding="utf-8")
            sync_folder(folder)
        case = Case(folder, author, kept)
        body: dict[str, Any] = {"title": title, "case": case_id, "closes": closes}
        if key is not None:
            body |= {"party": author, "public_key": key.public.text, "fingerprint": key.public.fingerprint}
        case.append("opening", body)
        return case

    @staticmethod
    def open(folder: Path, *, author: str = "overflight") -> Case:
        """Open a case.

        Raises
        ------
        InvalidInput
            The folder holds none, or one of an older or newer form.
        """
        if (folder / OLD_LOG).is_file() and not is_case(folder):
            raise InvalidInput("case", f"{folder} with {OLD_LOG}, a log of an earlier overflight", f"one with {FILE}",
                               hint="case verify reads it; to add to it, investigate anew")  # fmt: skip
        if not is_case(folder):
            raise InvalidInput("case", str(folder), f"a folder with {FILE}")
        return Case(folder, author, _store_of(folder))

    def __enter__(self) -> Case:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def seal(self) -> None:
        """Count as a writer, so that closing seals the file."""
        if self._writers is not None:
            with told(self.folder):
                self._writers.enter()

    def close(self) -> None:
        """Let go of the store, and seal its file where no other writer is left."""
        self.store.close()
        if self._writers is not None:
            with told(self.folder):
                self._writers.leave()

    def append(
        self, kind: str, body: Mapping[str, Any], *, inputs: Sequence[str] = (), label: str = "", once: bool = False
    ) -> Record:
        """Write one record, and return it when it is on the disk. See ``append_many``."""
        return self.append_many([Draft(kind=kind, body=body, inputs=inputs, label=label)], once=once)[0]

    def append_many(self, drafts: Sequence[Draft], *, once: bool = False) -> list[Record]:
        """Write records in one transaction, all or none, and return them when they are on the disk.

        Parameters
        ----------
        once : where a record of the same kind and label is there, return it instead of another.

        Raises
        ------
        InvalidInput
            The clock is behind the last record, the disk is full, and the like.
        Tampered
            The last record of the log does not hold.
        """
        with self.writing() as add:
            return add(drafts, once)

    @contextmanager
    def writing(self) -> Iterator[Add]:
        """Give ``add(drafts, once=False) -> records`` in one transaction that no other writer shares."""
        with self.transaction() as (add, _):
            yield add

    @contextmanager
    def transaction(self) -> Iterator[tuple[Add, sa.Connection]]:
        """Give the same, and the connection, for tables beside the log that are to change with it."""
        self.seal()
        with self.store.writing() as connection:
            last = self.store.last(connection)
            if last is not None and hash_of(last.header()) != last.hash:
                raise Tampered(f"record {last.number}: its hash is not that of what it holds")
            at = [last]

            def add(drafts: Sequence[Draft], once: bool = False) -> list[Record]:
                records: list[Record] = []
                rows: list[dict[str, Any]] = []
                for draft in drafts:
                    there = self._there(connection, draft, records) if once else None
                    if there is None:
                        there, row = _next(draft, self.author, at[0])
                        at[0] = there
                        rows.append(row)
                    records.append(there)
                if rows:
                    self.store.add(connection, rows)
                return records

            yield add, connection

    def _there(self, connection: Any, draft: Draft, records: Sequence[Record]) -> Record | None:
        new = (r for r in records if (r.kind, r.label) == (draft.kind, draft.label))
        return next(new, None) or self.store.labelled(connection, draft.kind, draft.label)

    def add_evidence(self, path: Path, *, source: str, copy: bool = True, had_at: str = "", said_by: str = "") -> str:
        """Record a file by its digest, and keep a copy of it unless told otherwise; return the digest.

        Parameters
        ----------
        source : where it came from.
        had_at : when it was had, ISO 8601.
        said_by : who says where it came from and when it was had.
        """
        with told(path):
            digest, size = sha256_of(path), path.stat().st_size
        kept = f"{EVIDENCE}/{digest}{path.suffix}" if copy else ""
        if copy:
            with told(self.folder):
                _copy(path, self.folder / kept)
        body = {"name": path.name, "sha256": digest, "bytes": size, "source": source, "kept": kept}
        body |= {name: text for name, text in (("had_at", had_at), ("said_by", said_by)) if text}
        self.append("evidence", body, inputs=(digest,))
        return digest

    def add_file(self, path: Path, *, inputs: Sequence[str] = ()) -> None:
        """Record a file beside the case's folder by its digest; ``inputs`` are the digests of what it was made of."""
        with told(path):
            digest, size = sha256_of(path), path.stat().st_size
            name = path.resolve().relative_to(self.folder.resolve().parent).as_posix()
        self.append("file", {"path": name, "sha256": digest, "bytes": size}, inputs=inputs)

    def records(self, *kinds: str, after: int = 0) -> list[Record]:
        """Return the records of some kinds, of all where none is named, after a number, in order."""
        with self.store.reading() as connection:
            return list(self.store.records(connection, kinds, after))

    def labelled(self, kind: str, label: str) -> Record | None:
        """Return the first record of a kind with a label."""
        with self.store.reading() as connection:
            return self.store.labelled(connection, kind, label)

    def record(self, number: int) -> Record:
        """Return one record.

        Raises
        ------
        InvalidInput
            There is none of this number.
        """
        with self.store.reading() as connection:
            found = self.store.one(connection, number)
        if found is None:
            raise InvalidInput("record", str(number), "the number of a record of this case")
        return found

    def hashes(self) -> list[bytes]:
        """Return the raw hash of every record: the leaves of the tree."""
        with self.store.reading() as connection:
            return self.store.hashes(connection)

    def head(self) -> Head:
        """Return the head of the log as it is now."""
        with self.store.reading() as connection:
            first = self.store.one(connection, 1)
            for entry in self.store.hashes(connection, self._tree.size):
                self._tree.append(entry)
            last = self.store.last(connection)
        if first is None or last is None:
            raise Tampered(f"{self.store.where}: the log is empty")
        return Head(log=first.hash, size=self._tree.size, root=self._tree.root().hex(), hash=last.hash, made_at=_now())

    def sign(self, key: SecretKey) -> Record:
        """Append the signed head of the log as it is now.

        Raises
        ------
        InvalidInput
            The log does not name the key, or says that it is replaced or revoked.

        Notes
        -----
        What another writer appends meanwhile stands between the head and the records it is of, which is no harm.
        """
        self.require_key(key.public)
        envelope = self.head().signed(key)
        return self.append("head", {"party": self.author, "envelope": envelope}, label=key.public.id)

    def require_key(self, key: PublicKey) -> None:
        """Refuse a key that the log does not name, or that is replaced or revoked."""
        self.keyring().require(key.id)

    def keyring(self) -> Keyring:
        """Return whose keys the log knows."""
        return Keyring(self.records("opening", "key"))

    def add_key(self, draft: Draft) -> Record:
        """Append a record that names, replaces or revokes a key, if a log may say that.

        Raises
        ------
        InvalidInput, Tampered
            The key is known already, the former one did not sign, and the like.
        """
        self.seal()
        with self.store.writing() as connection:
            ring = Keyring(list(self.store.records(connection, ("opening", "key"))))
            record, row = _next(draft, self.author, self.store.last(connection))
            ring.take(record)
            self.store.add(connection, [row])
        return record

    def first_author(self) -> str:
        """Return who opened the case."""
        return self.record(1).author

    def redact(self, number: int, reason: str) -> Record:
        """Take the body of a record out, a kept file of evidence too; leave its digest, and say why.

        Raises
        ------
        InvalidInput
            There is no such record, or the log needs it: an opening, key, redaction or closing.
        """
        target = self.record(number)
        if target.kind in ("opening", "key", "redaction", "closing", "correction"):
            raise InvalidInput("record", f"{number}, of kind {target.kind}", "one that the log can be read without")
        if target.body is None:
            raise InvalidInput("record", f"{number}, which is redacted", "one that has a body")
        body = {"record": number, "hash": target.hash, "body_sha256": target.body_sha256, "reason": reason}
        self.seal()
        with self.store.writing() as connection:
            record, row = _next(Draft(kind="redaction", body=body, inputs=(target.hash,)), self.author,
                                self.store.last(connection))  # fmt: skip
            self.store.add(connection, [row])
            self.store.redact(connection, number)
        kept = target.body.get("kept") if target.kind == "evidence" else None
        if kept and all(other.body is None or other.body.get("kept") != kept for other in self.records("evidence")):
            with told(self.folder):
                (self.folder / str(kept)).unlink(missing_ok=True)
        return record


def is_case(folder: Path) -> bool:
    """Say whether a folder holds a case of this form."""
    return (folder / FILE).is_file() or (folder / STORE).is_file()


def _store_of(folder: Path) -> Store:
    if not (folder / STORE).is_file():
        with told(folder), (folder / FILE).open("rb"):
            pass
        return Store.of_file(folder / FILE)
    with told(folder):
        about = parsed((folder / STORE).read_bytes(), STORE)
    if not isinstance(about, dict) or not all(isinstance(about.get(name), str) for name in ("url", "case")):
        raise InvalidInput(STORE, "other fields", "url and case", str(folder))
    return Store.of_url(about["url"], about["case"])


def _now() -> str:
    return iso(datetime.now(UTC))


def _next(draft: Draft, author: str, last: Record | None) -> tuple[Record, dict[str, Any]]:
    """Return a draft as the record after ``last``, and as a row of the store."""
    now = datetime.now(UTC)
    if last is not None and parse_utc(last.made_at) - now > MOST_SKEW:
        raise InvalidInput("clock", iso(now), f"a time after the last record's, {last.made_at}", hint="set the clock")
    text = canonical(plain(draft.body))
    salt = secrets.token_bytes(SALT_BYTES)
    record = Record(
        number=1 if last is None else last.number + 1, kind=draft.kind, made_at=iso(now), author=author,
        label=draft.label, inputs=tuple(draft.inputs), body=json.loads(text), salt=salt,
        body_sha256=digest_of_body(salt, text), previous="" if last is None else last.hash, hash="",
    )  # fmt: skip
    record = replace(record, hash=hash_of(record.header()))
    row = {**record.header(), "number": record.number, "hash": record.hash, "salt": salt, "body": text}
    row["inputs"] = canonical(list(draft.inputs)).decode()
    del row["id"], row["version"]
    return record, row


def _copy(path: Path, target: Path) -> None:
    """Copy a file whole or not at all, on the disk before its record is."""
    beside = target.with_name(f"{target.name}.part")
    shutil.copyfile(path, beside)
    with beside.open("rb") as stream:
        os.fsync(stream.fileno())
    beside.replace(target)
    sync_folder(target.parent)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn a failure of the file system into one clear line."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InvalidInput(
            "case", f"{problem.filename or path} ({reason})", "a place that can be read and written"
        ) from None
