"""Who may do what: tokens with roles, kept as digests; without tokens all is open, on loopback only."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from overflight.errors import InvalidInput
from overflight.geo.times import iso, parse_utc
from overflight.serve.problems import Refusal
from overflight.serve.store import TOKENS, Store

ROLES = ("read", "report", "investigate", "administer")
"""Each may do what those before it may."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOKEN = re.compile(r"ovf_[A-Za-z0-9_-]{43}")
FRESH_S = 5.0
"""A token that was taken back is refused after this, at the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who asks.

    Attributes
    ----------
    name : of the token; "" where all is open.
    role : one of ROLES.
    """

    name: str
    role: str

    def require(self, role: str) -> None:
        """Refuse a role below another."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Refusal(403, f"token: got the role {self.role}, expected {role} or above")


OWNER = Party(name="", role="administer")
"""Whoever sits at this machine, where all is open."""


def digest_of(token: str) -> str:
    """Return what is kept of a token: it has 256 random bits, so that a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(store: Store, name: str, role: str, days: float | None = None) -> str:
    """Make a token, and return it; it is shown this once.

    Raises
    ------
    InvalidInput
        The name is none or taken.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", repr(name), "1 to 64 letters, digits, dots, hyphens")
    if role not in ROLES:
        raise InvalidInput("--role", repr(role), ", ".join(ROLES))
    token, now = f"ovf_{secrets.token_urlsafe(32)}", datetime.now(UTC)
    ends = "" if days is None else iso(now + timedelta(days=days))
    row = {"name": name, "digest": digest_of(token), "role": role, "made_at": iso(now), "expires_at": ends}
    with store.writing() as connection:
        if connection.execute(sa.select(TOKENS.c.name).where(TOKENS.c.name == name)).first():
            raise InvalidInput("name", f"{name}, which has a token", "another", hint="overflight serve revoke NAME")
        connection.execute(sa.insert(TOKENS).values(**row))
    return token


def revoke_token(store: Store, name: str) -> None:
    """Take a token back.

    Raises
    ------
    InvalidInput
        There is none of this name.
    """
    with store.writing() as connection:
        if not connection.execute(sa.delete(TOKENS).where(TOKENS.c.name == name)).rowcount:
            raise InvalidInput("name", repr(name), "a name of `overflight serve tokens`")


def tokens(store: Store) -> list[dict[str, Any]]:
    """Return the tokens, without what they are."""
    names = (TOKENS.c.name, TOKENS.c.role, TOKENS.c.made_at, TOKENS.c.expires_at)
    with store.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(*names).order_by(TOKENS.c.name))]


class Access:
    """The tokens of a service, read anew every few seconds.

    Parameters
    ----------
    is_loopback : whether the service may be open where there are no tokens.
    """

    def __init__(self, store: Store, *, is_loopback: bool) -> None:
        self._store, self._is_loopback = store, is_loopback
        self._rows: Mapping[str, sa.Row[Any]] = {}
        self._at = -FRESH_S
        self._had = False
        self._refresh()

    @property
    def is_open(self) -> bool:
        """Whether everybody may do everything: on loopback, as long as there has been no token."""
        self._refresh()
        return self._is_loopback and not self._had

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._at < FRESH_S:
            return
        with self._store.reading() as connection:
            self._rows = {row.digest: row for row in connection.execute(sa.select(TOKENS))}
        self._at, self._had = now, self._had or bool(self._rows)

    def party(self, authorization: str) -> Party:
        """Return who asks, by the header ``Authorization``.

        Raises
        ------
        Refusal
            The header names no token, or none that holds.
        """
        if self.is_open:
            return OWNER
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token.strip()):
            raise Refusal(401, "Authorization: got no token, expected Bearer TOKEN")
        row = self._rows.get(digest_of(token.strip()))
        if row is None or (row.expires_at and parse_utc(row.expires_at) < datetime.now(UTC)):
            raise Refusal(401, "Authorization: got a token that does not hold, expected another")
        return Party(name=row.name, role=row.role)
