"""The HTTP side of a line: it holds no state but the buckets of its limits, and answers failures in one line.

| route | what it does |
|---|---|
| ``POST /messages`` | take a message, answer with its receipt |
| ``POST /proofs`` | prove that two heads that were signed are of one log |
| ``GET /health`` | say that it is up |
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as RoutingError
from starlette.requests import ClientDisconnect

from overflight.case.canonical import parsed
from overflight.errors import InvalidInput, OverflightError, Tampered, Unavailable, one_line
from overflight.line.exchange.contact import note_contact
from overflight.line.exchange.limits import Limits, Rate
from overflight.line.exchange.line import Line, now
from overflight.line.exchange.proving import prove
from overflight.line.exchange.receiving import take
from overflight.line.exchange.request import LARGEST_BODY, Request, read_authorization

BODY_S = 30.0
"""A body that takes longer is given up."""
_STATUS = {**dict.fromkeys(("envelope", "Authorization", "to", "key"), 403), "case": 503, "clock": 503, "version": 422}
_TYPE = {"application/json": {"schema": {"type": "object"}}}
_ERROR = {"description": "one line that says why", "content": {"application/json": {"schema": {
    "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}}  # fmt: skip
_ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 403, 408, 409, 413, 422, 429, 503, 507), _ERROR)
_OPENAPI = {"requestBody": {"required": True, "content": _TYPE}, "parameters": [
    {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}}]}  # fmt: skip
Tell = Callable[[str], None]


class Refusal(Exception):
    """A refusal with its status, one line, and what else the other side needs."""

    def __init__(self, status: int, line: str, wait_s: float = 0.0, **more: Any) -> None:
        super().__init__(line)
        self.status, self.content = status, {"error": one_line(line), **more}
        self.headers = {"Retry-After": str(max(1, round(wait_s)))} if wait_s else None


class Door:
    """Who may come in, how often, and one at a time."""

    def __init__(self, line: Line, limits: Limits) -> None:
        self.line, self.limits = line, limits
        self._inside: set[str] = set()
        self._one = asyncio.Lock()

    async def run(self, http: HttpRequest, do: Callable[[Request, Any], dict[str, Any]]) -> dict[str, Any]:
        """Check a request's header, read its body, and do what it asks in a thread, one after the other."""
        request = await asyncio.to_thread(read_authorization, self.line, http.headers.get("authorization", ""))
        if request.bytes > LARGEST_BODY:
            raise Refusal(413, f"body: got {request.bytes:,} bytes, expected at most {LARGEST_BODY:,}")
        if request.party in self._inside:
            raise Refusal(429, f"{request.party}: got a request beside another, expected one at a time", 1.0)
        wait = self.limits.spend(request.party, request.bytes)
        if wait > 0.0:
            rate = self.limits.rate
            most = f"{rate.messages_per_s:g} messages and {rate.bytes_per_s:,.0f} bytes a second"
            raise Refusal(429, f"{request.party}: got more than {most}; wait {wait:.0f} s", wait)
        self._inside.add(request.party)
        try:
            body = await _body(http, request)
            async with self._one:
                return await asyncio.to_thread(lambda: do(request, parsed(body, "body")))
        finally:
            self._inside.discard(request.party)


async def _body(http: HttpRequest, request: Request) -> bytes:
    """Read the body that the header has promised, and no byte more."""
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in http.stream():
                parts += part
                if len(parts) > request.bytes:
                    raise Refusal(413, f"body: got more than the {request.bytes:,} bytes that were signed")
    except TimeoutError:
        raise Refusal(408, f"body: got {len(parts):,} of {request.bytes:,} bytes in {BODY_S:g} s") from None
    except ClientDisconnect:
        raise Refusal(400, "body: got an end before all of it had come") from None
    if hashlib.sha256(parts).hexdigest() != request.sha256:
        raise Refusal(400, "body: got other bytes, expected those that were signed")
    return bytes(parts)


def application(line: Line, *, rate: Rate | None = None, tell: Tell = lambda _: None) -> FastAPI:
    """Return the application of a line.

    Parameters
    ----------
    rate : what a party may send.
    tell : takes one line on what came and what was refused.
    """
    app = FastAPI(title="overflight line", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    door, told = Door(line, Limits(rate or Rate())), _Seldom(tell)

    @app.post("/messages", responses=_ERRORS, openapi_extra=_OPENAPI)
    async def messages(http: HttpRequest) -> Response:
        """Take a message, and answer with its signed receipt."""
        return JSONResponse(await door.run(http, lambda request, body: _take(line, request, body, told)))

    @app.post("/proofs", responses=_ERRORS, openapi_extra=_OPENAPI)
    async def proofs(http: HttpRequest) -> Response:
        """Prove that two heads, by their sizes, are of one log."""
        return JSONResponse(await door.run(http, lambda request, body: _prove(line, request, body)))

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that it is up, and what time it is here."""
        return {"status": "up", "now": now()}

    async def routed(_: HttpRequest, problem: Exception) -> Response:
        assert isinstance(problem, RoutingError)  # noqa: S101 - it is registered for no other
        return JSONResponse({"error": problem.detail}, problem.status_code, problem.headers)

    async def kept_out(_: HttpRequest, problem: Exception) -> Response:
        assert isinstance(problem, Refusal)  # noqa: S101 - it is registered for no other
        told(problem.content["error"])
        return JSONResponse(problem.content, problem.status, problem.headers)

    async def refused(http: HttpRequest, problem: Exception) -> Response:
        assert isinstance(problem, OverflightError)  # noqa: S101 - it is registered for no other
        told(f"refused, from {http.client.host if http.client else 'a socket'}: {problem}")
        return JSONResponse({"error": one_line(str(problem))}, status_of(problem))

    app.add_exception_handler(RoutingError, routed)
    app.add_exception_handler(Refusal, kept_out)
    app.add_exception_handler(OverflightError, refused)
    return app


def _take(line: Line, request: Request, body: Any, tell: Tell) -> dict[str, Any]:
    outcome = take(line, body)
    note_contact(line, request.party, request.skew_s)
    if outcome.status == "gap":
        raise Refusal(409, f"sequence: got {outcome.what}; send that first", expected=outcome.sequence)
    if outcome.status == "fork":
        raise Refusal(409, f"fork: {outcome.party} {outcome.what}", held=outcome.held)
    tell(f"message {outcome.sequence} of {outcome.party}: {outcome.status}")
    return {"receipt": outcome.receipt, "now": now()}


def _prove(line: Line, request: Request, body: Any) -> dict[str, Any]:
    line.ring.require(request.key_id)
    if not isinstance(body, dict):
        raise InvalidInput("body", type(body).__name__, "first and second")
    return {"proof": prove(line, body.get("first"), body.get("second")), "now": now()}


def status_of(problem: OverflightError) -> int:
    """Return the HTTP status of a failure."""
    if isinstance(problem, InvalidInput):
        return 507 if "No space left" in problem.got else _STATUS.get(problem.field, 400)
    return next((code for kind, code in ((Unavailable, 503), (Tampered, 403)) if isinstance(problem, kind)), 500)


class _Seldom:
    """Tell a line, and the same again a minute later at the earliest."""

    def __init__(self, tell: Tell, pause_s: float = 60.0, most: int = 256) -> None:
        self._tell, self._pause_s, self._most = tell, pause_s, most
        self._last: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        at = time.monotonic()
        if at - self._last.get(text, -self._pause_s) < self._pause_s:
            return
        if len(self._last) >= self._most:
            self._last.clear()
        self._last[text] = at
        self._tell(text)
