"""Failures as problem+json (RFC 9457): one clear line, and the status that clients act on."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as RoutingError

from overflight.errors import InvalidInput, OutOfCoverage, OverflightError, Tampered, Unavailable, one_line

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad input", 401: "Token needed", 403: "Not allowed", 404: "Not found", 405: "Not allowed here",
    408: "Too slow", 409: "Conflict", 411: "Length needed", 413: "Too large", 415: "Unknown form",
    421: "Other service", 429: "Too many requests", 500: "Internal error", 503: "Not available now",
}  # fmt: skip
_SCHEMA = {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
    "detail": {"type": "string"}}}  # fmt: skip


class Refusal(Exception):
    """A refusal: its status, one line, and when to come again."""

    def __init__(self, status: int, line: str, *, wait_s: float = 0.0, **more: Any) -> None:
        super().__init__(line)
        self.status, self.line, self.more = status, one_line(line), more
        self.headers = {"Retry-After": str(max(1, round(wait_s)))} if wait_s else {}
        if status == 401:
            self.headers["WWW-Authenticate"] = 'Bearer realm="overflight"'


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe failures for the OpenAPI document."""
    always = (400, 401, 403, 429)
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {status: {"description": TITLES[status], "content": content} for status in (*always, *statuses)}


def problem(status: int, line: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """Return a failure as a response."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Failure"), "status": status, "detail": line, **more}
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def status_of(failure: OverflightError) -> int:
    """Return the HTTP status of a failure."""
    if isinstance(failure, InvalidInput):
        return 400
    if isinstance(failure, OutOfCoverage | Unavailable):
        return 503
    return 409 if isinstance(failure, Tampered) else 500


def install(app: FastAPI) -> None:
    """Let an application answer every failure in this form."""

    async def refused(_: HttpRequest, failure: Exception) -> Response:
        assert isinstance(failure, Refusal)  # noqa: S101 - it is registered for no other
        return problem(failure.status, failure.line, failure.headers, **failure.more)

    async def ours(_: HttpRequest, failure: Exception) -> Response:
        assert isinstance(failure, OverflightError)  # noqa: S101 - it is registered for no other
        return problem(status_of(failure), one_line(str(failure)))

    async def routed(_: HttpRequest, failure: Exception) -> Response:
        assert isinstance(failure, RoutingError)  # noqa: S101 - it is registered for no other
        return problem(failure.status_code, one_line(str(failure.detail)), dict(failure.headers or {}))

    async def invalid(_: HttpRequest, failure: Exception) -> Response:
        assert isinstance(failure, RequestValidationError)  # noqa: S101 - it is registered for no other
        return problem(400, _validation_line(failure))

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(OverflightError, ours)
    app.add_exception_handler(RoutingError, routed)
    app.add_exception_handler(RequestValidationError, invalid)


def _validation_line(failure: RequestValidationError) -> str:
    first = failure.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    got = "nothing" if first["type"] == "missing" else repr(first.get("input"))
    return one_line(f"{where}: got {one_line(got, 120)}, expected another: {first['msg']}")
