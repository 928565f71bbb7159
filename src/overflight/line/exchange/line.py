"""A line: a folder with this party's log, key and tables, and the one transaction that all its changes go through."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from overflight.case.canonical import parsed
from overflight.case.case_file import Add, Case, is_case, told
from overflight.case.heads import Head
from overflight.case.keyring import Keyring, new_key, revocation
from overflight.case.keys import PublicKey, SecretKey
from overflight.errors import InvalidInput, Tampered
from overflight.geo.times import iso
from overflight.line.exchange import tables
from overflight.line.exchange.levels import Levels
from overflight.line.exchange.tables import Index, Row

FILE, VERSION = "line.json", 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(slots=True)
class Work:
    """A transaction on a line.

    Attributes
    ----------
    append : adds records to the log.
    index : the tables.
    connection : of both.
    """

    append: Add
    index: Index
    connection: sa.Connection


class Line:
    """One party's side of all its exchanges. Close it, or use it in a ``with``.

    Attributes
    ----------
    folder : Path.
    name : what this party calls itself.
    case : the log.
    ring : Keyring of this party and of those it trusts.
    """

    def __init__(self, folder: Path, name: str, case: Case, key: SecretKey | None) -> None:
        self.folder, self.name, self.case, self._key = folder, name, case, key
        self.ring, self._levels, self._log, self._last = Keyring(), Levels(), "", ""
        self._lock = threading.RLock()
        self._passphrase, self._former = "", dict[str, SecretKey]()

    @staticmethod
    def create(folder: Path, name: str, passphrase: str, *, store: str = "") -> Line:
        """Make a line in a folder that holds none.

        Parameters
        ----------
        store : URL of a PostgreSQL, or "" for a file in the folder.

        Raises
        ------
        InvalidInput
            There is one already, the name cannot be one, or the folder cannot be written.
        """
        require_name(name)
        if (folder / FILE).exists() or is_case(folder):
            raise InvalidInput("line", str(folder), "a folder without a line")
        with told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        key = SecretKey.new()
        write_key(folder, key, passphrase)
        case = Case.create(folder, title=f"the line of {name}", author=name, store=store, key=key)
        with case.store.told(), told(folder):
            tables.make(case.store.engine)
            (folder / FILE).write_text(json.dumps({"line": VERSION, "name": name}) + "\n", encoding="utf-8")
        line = Line(folder, name, case, key)
        line.refresh()
        return line

    @staticmethod
    def open(folder: Path, passphrase: str | None = None) -> Line:
        """Open a line; without a passphrase it can be read, and nothing signed.

        Raises
        ------
        InvalidInput
            The folder holds none, or one of a newer version, or the passphrase is wrong.
        """
        if not (folder / FILE).is_file():
            raise InvalidInput("line", str(folder), f"a folder with {FILE}", hint="line init NAME makes one")
        with told(folder):
            about = parsed((folder / FILE).read_bytes(), str(folder / FILE))
        if not isinstance(about, dict) or not isinstance(about.get("name"), str):
            raise InvalidInput(FILE, "other fields", "line and name", str(folder))
        if about.get("line") != VERSION:
            raise InvalidInput("line", f"version {about.get('line')!r}", f"version {VERSION}", str(folder),
                               "a newer overflight reads it")  # fmt: skip
        line = Line(folder, about["name"], Case.open(folder, author=about["name"]), None)
        try:
            line.refresh()
            if passphrase is not None:
                line._passphrase = passphrase
                line._key = SecretKey.read(line.key_file(), passphrase)
        except BaseException:
            line.close()
            raise
        return line

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log."""
        self.case.close()

    @property
    def key(self) -> SecretKey:
        """The key of this party, unlocked."""
        if self._key is None:
            raise InvalidInput("passphrase", "none", "the passphrase of the key", str(self.folder))
        if self._passphrase and self._key.public != self.public():  # another process has taken a new one
            self._key = SecretKey.read(self.key_file(), self._passphrase)
        return self._key

    @key.setter
    def key(self, key: SecretKey) -> None:
        self._key = key

    def key_of(self, key_id: str) -> SecretKey:
        """Return the key of an id, also one that was replaced since; the present one where it cannot be had."""
        if key_id not in self._former and key_id in self.own_keys() and key_id != self.key.public.id:
            try:
                path = key_path(self.folder, self.ring.states[key_id].key)
                self._former[key_id] = SecretKey.read(path, self._passphrase)
            except InvalidInput:
                return self.key
        return self._former.get(key_id, self.key)

    def key_file(self) -> Path:
        """Return the file of the key that this party signs with."""
        return key_path(self.folder, self.public())

    def public(self) -> PublicKey:
        """Return the key that this party signs with."""
        live = self.ring.live(self.name)
        if not live:
            raise Tampered(f"{self.folder}: the log names no key of {self.name}")
        return live[-1]

    def own_keys(self) -> set[str]:
        """Return the ids of all keys that this party ever had."""
        return {name for name, state in self.ring.states.items() if state.party == self.name}

    def their_keys(self) -> list[PublicKey]:
        """Return all keys that others ever had here, live or not."""
        return [state.key for state in self.ring.states.values() if state.party != self.name]

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """Give a transaction; all in it is on the disk when the block has ended, or nothing is."""
        with self._lock:
            added: list[int] = []
            try:
                with self.case.transaction() as (add, connection):

                    def append(drafts: Any, once: bool = False) -> Any:
                        added.append(len(drafts))
                        return add(drafts, once)

                    self._read_on(connection)
                    yield Work(append, Index(connection, self.case.store.case_id), connection)
            except BaseException:
                if added:  # what was read on is not in the log
                    self.ring, self._levels, self._log, self._last = Keyring(), Levels(), "", ""
                raise

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """Give the tables to read."""
        with self.case.store.reading() as connection:
            yield Index(connection, self.case.store.case_id)

    def refresh(self) -> None:
        """Take in what other processes appended."""
        with self._lock, self.case.store.reading() as connection:
            self._read_on(connection)

    def _read_on(self, connection: sa.Connection) -> None:
        store, size = self.case.store, self._levels.size
        for record in store.records(connection, ("opening", "key"), after=size):
            self._log = self._log or record.hash
            self.ring.take(record)
        for entry in store.hashes(connection, size):
            self._levels.append(entry)
            self._last = entry.hex()

    def head(self, work: Work) -> Head:
        """Return the head of the log as it stands in a transaction."""
        self._read_on(work.connection)
        root = self._levels.root().hex()
        return Head(log=self._log, size=self._levels.size, root=root, hash=self._last, made_at=now())

    def proofs(self, sizes: set[int], size: int) -> list[dict[str, Any]]:
        """Return proofs that the log of ``size`` records continues those of other sizes; 0 asks for none."""
        return [
            {"from": first, "hashes": [step.hex() for step in self._levels.consistency(first, size)]}
            for first in sorted(sizes)
            if 0 < first < size
        ]

    @property
    def size(self) -> int:
        """How many records were read."""
        return self._levels.size

    def envelope(self, number: int) -> dict[str, Any] | None:
        """Return the envelope that a record holds, or None where it was redacted."""
        body = self.case.record(number).body
        return None if body is None else body["envelope"]

    def envelope_in(self, work: Work, number: int) -> dict[str, Any] | None:
        """Return the same in a transaction."""
        record = self.case.store.one(work.connection, number)
        return None if record is None or record.body is None else record.body["envelope"]

    def trust(self, party: str, key: PublicKey, *, address: str = "", certificate: str = "") -> bool:
        """Name a party by its key; say whether the key is new. For one that is known, change its address.

        Raises
        ------
        InvalidInput
            The party has another live key, or the key is another's.
        """
        require_name(party)
        if party == self.name:
            raise InvalidInput("party", repr(party), "another name than this line's own")
        with self.writing() as work:
            known = {row.party for row in work.index.parties()}
            is_new = key not in self.ring.live(party)
            if is_new:
                if self.ring.live(party):
                    raise InvalidInput("key", f"a second one for {party}", "the one that is trusted",
                                       hint=f"line revoke {party}, then trust the new one")  # fmt: skip
                if key.id in self.ring.states:
                    state = self.ring.states[key.id]
                    raise InvalidInput("key", f"{key.fingerprint}, which is or was {state.party}'s", "a key of its own")
                work.append([new_key(party, key)])
            if party not in known:
                work.index.add_party(party, first_key=key.id)
            values = {"address": address, "certificate": certificate}
            work.index.set_party(party, tries=0, next_try=0.0, **{n: v for n, v in values.items() if v})
        self.refresh()
        return is_new

    def revoke(self, party: str, reason: str) -> list[PublicKey]:
        """Trust the live keys of a party no more, and return them."""
        if party == self.name:
            raise InvalidInput("party", repr(party), "another party", hint="line rotate takes a new key of one's own")
        with self.writing() as work:
            work.index.party(party)
            keys = self.ring.live(party)
            if not keys:
                raise InvalidInput("party", repr(party), "a party with a live key")
            work.append([revocation(party, key, reason) for key in keys])
        self.refresh()
        return keys


def require_name(name: str) -> None:
    """Refuse what cannot be the name of a party."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("party", repr(name), "1 to 64 letters, digits, dots and dashes")


def key_path(folder: Path, key: PublicKey) -> Path:
    """Return where a secret key lies."""
    return folder / f"key-{key.fingerprint}.pem"


def write_key(folder: Path, key: SecretKey, passphrase: str) -> None:
    """Write a secret key, and beside it the public one, to give to others."""
    path = key_path(folder, key.public)
    key.write(path, passphrase)
    with told(folder):
        path.with_suffix(".pub").write_bytes(key.public.pem())


def now() -> str:
    """Return the time by this party's clock."""
    return iso(datetime.now(UTC))


def party_of(line: Line, key: PublicKey) -> str:
    """Return whose key it is."""
    return line.ring.states[key.id].party


__all__ = ["Line", "Row", "Work", "key_path", "now", "party_of", "require_name", "write_key"]
