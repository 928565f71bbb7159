"""The door: every request passes it once; who asks, how often, how much, what of it is kept."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overflight.errors import OverflightError, one_line
from overflight.serve import headers
from overflight.serve.access import OWNER, Access, Party
from overflight.serve.audit import Audit
from overflight.serve.limits import Limits
from overflight.serve.metrics import Metrics
from overflight.serve.passes import Passes
from overflight.serve.problems import Refusal, problem, status_of
from overflight.serve.settings import Settings

LOG = logging.getLogger("overflight.serve")
FREE = ("/", "/health", "/ready", "/docs", "/openapi.json", "/favicon.ico")
"""What anybody may read: no data is in it."""
FREE_BELOW = "/page/"
ROLES = (
    ("POST", "/api/sightings", "report"),
    ("POST", "/api/rules", "investigate"),
    ("DELETE", "/api/rules", "investigate"),
    ("POST", "/api/jobs", "investigate"),
    ("DELETE", "/api/jobs", "investigate"),
    ("POST", "/api/passes", "read"),
    ("GET", "/api/audit", "administer"),
)
"""The role that a method needs below a path; reading needs ``read``, all else ``administer``."""
READING = ("GET", "HEAD", "OPTIONS")


def role_of(method: str, path: str) -> str:
    """Return the role that a request needs, "" for none."""
    if method in READING and (path in FREE or path.startswith(FREE_BELOW)):
        return ""
    for asked, below, role in ROLES:
        if method == asked and (path == below or path.startswith(f"{below}/")):
            return role
    return "read" if method in READING else "administer"


@dataclass(slots=True, kw_only=True)
class Seen:
    """What is kept in mind of one request."""

    method: str
    path: str
    client: str
    began: float = field(default_factory=time.perf_counter)
    party: Party | None = None
    status: int = 0
    refused: str = ""


class Door:
    """The middleware around the application."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, access: Access, passes: Passes, audit: Audit, metrics: Metrics,
        limits: Limits,
    ) -> None:  # fmt: skip
        self.app, self.settings, self.access, self.passes = app, settings, access, passes
        self.audit, self.metrics, self.limits = audit, metrics, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        client = scope["client"][0] if scope.get("client") else "socket"
        seen = Seen(method=scope["method"], path=scope["path"], client=client)
        more: list[headers.Header] = []

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                message = {**message, "headers": headers.secured(message.get("headers", ()), more)}
            await send(message)

        try:
            more += self._admit(scope, given, seen)
            if seen.method == "OPTIONS" and more:
                await problem(200, "cross-origin requests are allowed")(scope, receive, secured)
            else:
                await self.app(scope, self._counted(receive, given, seen), secured)
        except Exception as failure:
            await self._answer(failure, seen, scope, receive, secured)
        finally:
            self._tell(scope, seen)

    def _admit(self, scope: Scope, given: dict[str, str], seen: Seen) -> list[headers.Header]:
        """Check everything that can be known from the head of a request; return headers of the answer."""
        host, origin = given.get("host", ""), given.get("origin", "")
        headers.require_host(host, self.settings, is_open=self.access.is_open)
        is_other = headers.require_origin(origin, host, self.settings)
        if seen.method == "OPTIONS" and is_other:
            return headers.cors(origin, preflight=True)
        self._spend(seen.client)
        role = role_of(seen.method, seen.path)
        if role:
            seen.party = self._passed(given, seen) or self.access.party(given.get("authorization", ""))
            seen.party.require(role)
        scope.setdefault("state", {})["party"] = seen.party or OWNER
        self._require_size(given)
        return headers.cors(origin, preflight=False) if is_other else []

    def _passed(self, given: dict[str, str], seen: Seen) -> Party | None:
        """Return whose pass a browser shows that opens a file by itself; it sends no ``Authorization`` then."""
        if "cookie" not in given or "authorization" in given or seen.method not in READING:
            return None
        return self.passes.party(given["cookie"], seen.path)

    def _spend(self, client: str) -> None:
        wait = self.limits.spend(client)
        if wait > 0.0:
            most = f"{self.limits.rate:g} requests a second"
            raise Refusal(429, f"{client}: got more than {most}; wait {wait:.1f} s", wait_s=wait)

    def _require_size(self, given: dict[str, str]) -> None:
        text = given.get("content-length", "0")
        if not text.isascii() or not text.isdigit():
            raise Refusal(400, f"Content-Length: got {text!r}, expected a number")
        if int(text) > self.settings.body_bytes:
            raise Refusal(413, f"body: got {int(text):,} bytes, expected at most {self.settings.body_bytes:,}")

    def _counted(self, receive: Receive, given: dict[str, str], seen: Seen) -> Receive:
        """Return a body that ends where it is too long, whatever its head has said."""
        if "content-length" in given or seen.method in READING:
            return receive
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self.settings.body_bytes:
                raise Refusal(413, f"body: got more than {self.settings.body_bytes:,} bytes")
            return message

        return counted

    async def _answer(self, failure: Exception, seen: Seen, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a failure that no route has answered; nothing more can be said where an answer has begun."""
        if isinstance(failure, Refusal):
            seen.refused = failure.line
            response = problem(failure.status, failure.line, failure.headers, **failure.more)
        elif isinstance(failure, OverflightError):
            seen.refused = one_line(str(failure))
            response = problem(status_of(failure), seen.refused)
        else:
            seen.refused = f"unexpected {type(failure).__name__}: {failure}"
            LOG.error("failed", exc_info=failure, extra={"what": {"path": seen.path}})
            response = problem(500, "unexpected failure; the log of the service says more")
        if not seen.status:
            await response(scope, receive, send)

    def _tell(self, scope: Scope, seen: Seen) -> None:
        seconds = time.perf_counter() - seen.began
        route = getattr(scope.get("route"), "path", "other")
        self.metrics.request(route, seen.method, seen.status, seconds)
        name = seen.party.name if seen.party else ""
        what: dict[str, Any] = {"client": seen.client, "method": seen.method, "path": seen.path, "status": seen.status}
        if seen.method not in READING or seen.status in (401, 403, 421):
            role = seen.party.role if seen.party else ""
            self.audit.write(**what, token=name, role=role, refused=seen.refused)
        if self.settings.log == "all" or seen.status >= 400:
            more = {"ms": round(1e3 * seconds, 1), "token": name, "refused": seen.refused}
            LOG.info("request", extra={"what": what | more})


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        line = {"at": at, "level": record.levelname.lower(), "from": record.name, "event": record.getMessage()}
        line |= getattr(record, "what", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
