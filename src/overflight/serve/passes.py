"""Passes: for half a minute a browser may open one file by itself, so that no token has to stand in an address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from http.cookies import CookieError, SimpleCookie

from overflight.errors import InvalidInput
from overflight.serve.access import ROLES, Party

COOKIE = "overflight-pass"
HOLDS_S = 30
_PATH = re.compile(r"/api/(jobs|cases)/[A-Za-z0-9._~%/-]{1,400}")


class Passes:
    """Passes of a service, signed rather than kept: any of its processes knows them again.

    Parameters
    ----------
    key : a secret of all processes of the service, made anew when it starts.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def cookie(self, party: Party, path: str, *, is_secure: bool) -> str:
        """Return a cookie that opens a path for a party.

        Raises
        ------
        InvalidInput
            The path is none of a job or a case.
        """
        if not _PATH.fullmatch(path) or ".." in path:
            raise InvalidInput("path", repr(path[:80]), "one below /api/jobs/ or /api/cases/")
        says = f"{int(time.time()) + HOLDS_S} {party.role} {party.name}"
        text = base64.urlsafe_b64encode(says.encode()).decode()
        rest = f"Path={path}; Max-Age={HOLDS_S}; HttpOnly; SameSite=Strict" + "; Secure" * is_secure
        return f"{COOKIE}={text}.{self._sign(text, path)}; {rest}"

    def party(self, cookies: str, path: str) -> Party | None:
        """Return whose pass for a path is among the cookies, None where none is or it is over."""
        try:
            given = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        text, _, sign = (given.value if given else "").partition(".")
        if not hmac.compare_digest(sign.encode(), self._sign(text, path).encode()):
            return None
        try:
            ends, role, name = base64.urlsafe_b64decode(text).decode().split(" ", 2)
        except (binascii.Error, ValueError):
            return None
        return Party(name=name, role=role) if int(ends) >= time.time() and role in ROLES else None

    def _sign(self, text: str, path: str) -> str:
        return hmac.new(self._key, f"{path}\n{text}".encode(), hashlib.sha256).hexdigest()
