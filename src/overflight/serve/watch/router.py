"""The routes of the watch; what is wrong is answered as problem+json in one line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from overflight.errors import InvalidInput, OverflightError, Unavailable
from overflight.serve.watch import rows
from overflight.serve.watch.feed import write_feed
from overflight.serve.watch.hub import EventStream
from overflight.serve.watch.rules import rule_of

if TYPE_CHECKING:
    from overflight.serve.watch.watch import Watch

MOST_BYTES = 16 * 2**20
ACKNOWLEDGED_S = 30.0
_PROBLEM = {"description": "one line that says why", "content": {"application/problem+json": {"schema": {
    "type": "object", "properties": {"title": {"type": "string"}, "status": {"type": "integer"},
                                     "detail": {"type": "string"}}}}}}  # fmt: skip
_ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 401, 403, 404, 413, 429, 503), _PROBLEM)
_BODY = {"requestBody": {"required": True, "content": {
    kind: {"schema": {}} for kind in ("application/json", "application/x-ndjson")}}}  # fmt: skip
_TITLES = {400: "Bad input", 404: "Not found", 413: "Too large", 503: "Not at hand"}


class Answer(Response):
    """JSON, written fast."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the content."""
        return content if isinstance(content, bytes) else msgspec.json.encode(content)


def problem(status: int, detail: str) -> Response:
    """Return a failure."""
    body = {"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail}
    headers = {"Retry-After": "2"} if status == 503 else None
    return Response(msgspec.json.encode(body), status, headers, "application/problem+json")


def router_of(watch: Watch) -> APIRouter:
    """Return the routes of a watch."""
    router = APIRouter(tags=["live"])
    read, report, investigate = ([Depends(watch.settings.require(role))] for role in ("read", "report", "investigate"))
    _live(router, watch, read)
    _sightings(router, watch, report)
    _rules(router, watch, read, investigate)
    _alerts(router, watch, read)
    return router


def _live(router: APIRouter, watch: Watch, read: list[Any]) -> None:
    @router.get("/api/live", dependencies=read, responses=_ERRORS)
    def live() -> Response:
        """All balloons that are up, as GeoJSON."""
        found = {"type": "FeatureCollection", "features": watch.features()}
        return Answer(found, media_type="application/geo+json")

    @router.get("/api/live/events", dependencies=read, responses=_ERRORS)
    async def events(
        request: Request, last_event_id: Annotated[str | None, Header()] = None,
        after: Annotated[str | None, Query(description="As Last-Event-ID.")] = None,
    ) -> Response:  # fmt: skip
        """Tell changes as server-sent events: ``balloons``, ``gone``, ``alert``."""
        packs = "gzip" in request.headers.get("accept-encoding", "")
        return _Streamed(EventStream(watch.hub, last_event_id or after, watch.stated, packs))

    @router.get("/api/live/{balloon:path}", dependencies=read, responses=_ERRORS)
    def one(balloon: str) -> Response:
        """One balloon: where it was, where it may be, what it will enter."""
        slot = watch.fleet.index.get(balloon)
        if slot is None:
            return problem(404, f"balloon: {balloon[:80]!r} is not up, or was not heard for long")
        return Answer(detail_of(watch, balloon, slot))


def detail_of(watch: Watch, balloon: str, slot: int) -> dict[str, Any]:
    """Return all that is known of a balloon."""
    stamps = [
        (f"{np.datetime64(round(t * 1e3), 'ms')}Z", lon, lat, high) for t, lon, lat, high in watch.fleet.past(slot)
    ]
    shown = watch.fleet.shown(np.array([slot], np.intp))[0]
    held = watch.ahead.of(balloon)
    return msgspec.structs.asdict(shown) | {
        "positions": stamps,
        "cone": None if held is None else held[0].to_geojson(),
        "regions": [] if held is None else [row.to_json() for row in held[1]],
    }


class _Streamed(Response):
    """A response that is sent by itself."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        await self._stream(scope, receive, send)


def _sightings(router: APIRouter, watch: Watch, report: list[Any]) -> None:
    @router.post("/api/sightings", dependencies=report, responses=_ERRORS, openapi_extra=_BODY)
    async def sightings(request: Request) -> Response:
        """Take one or many rows; when it answers, they are on the disk."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return problem(413, f"body: got more than {MOST_BYTES:,} bytes, expected fewer rows at a time")
        try:
            heard = await asyncio.to_thread(read_body, bytes(body))
            done = watch.inbox.give(heard.batch)
            async with asyncio.timeout(ACKNOWLEDGED_S):
                accepted = await asyncio.wrap_future(done)
        except InvalidInput as bad:
            return problem(400 if bad.field != "store" else 503, str(bad))
        except (OverflightError, TimeoutError) as bad:
            return problem(503, str(bad) or "sightings: not kept in time; send them again")
        rejected = [{"row": row, "reason": why} for row, why in heard.rejected]
        return Answer({"accepted": accepted, "rejected": rejected})


def read_body(body: bytes) -> rows.Heard:
    """Read a row, a list of rows, or rows a line.

    Raises
    ------
    InvalidInput
        There is none.
    """
    text = body.strip()
    if not text:
        raise InvalidInput("sightings", "an empty body", "a row of JSON, a list of rows, or rows a line")
    if text[:1] == b"[":
        heard = rows.of_messages([text])
    else:
        lines = [line for line in text.split(b"\n") if line.strip()]
        try:
            heard = rows.of_messages([bytes(msgspec.json.decode(text, type=msgspec.Raw))])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            heard = rows.of_messages(lines)
    if not len(heard.batch) and not heard.rejected:
        raise InvalidInput("sightings", "no row", "at least one")
    return heard


def _rules(router: APIRouter, watch: Watch, read: list[Any], investigate: list[Any]) -> None:
    @router.get("/api/rules", dependencies=read, responses=_ERRORS)
    def listed() -> Response:
        """All rules; what may be secret in an address is left out."""
        return Answer([rule.to_json() for rule in watch.alerts.rules.values()])

    @router.post("/api/rules", dependencies=investigate, responses=_ERRORS, openapi_extra=_BODY, status_code=201)
    async def added(request: Request) -> Response:
        """Add a rule; the same rule again changes nothing."""
        try:
            rule = rule_of(await request.body(), watch.ahead.sky.known())
            is_new = await asyncio.to_thread(watch.alerts.add, rule)
        except InvalidInput as bad:
            return problem(503 if bad.field == "store" else 400, str(bad))
        except Unavailable as bad:
            return problem(503, str(bad))
        if is_new:
            watch.ahead.reconsider()
        return Answer(rule.to_json(), 201 if is_new else 200)

    @router.delete("/api/rules/{rule}", dependencies=investigate, responses=_ERRORS, status_code=204)
    def removed(rule: str) -> Response:
        """Remove a rule; its alerts stay."""
        return Response(status_code=204) if watch.alerts.remove(rule) else problem(404, f"rule: {rule[:40]!r} is none")


def _alerts(router: APIRouter, watch: Watch, read: list[Any]) -> None:
    @router.get("/api/alerts", dependencies=read, responses=_ERRORS)
    def listed(limit: Annotated[int, Query(ge=1, le=1000)] = 100, after: Annotated[int | None, Query(ge=0)] = None,
               balloon: str = "", rule: str = "") -> Response:  # fmt: skip
        """Alerts, the newest first; those after a number, oldest first."""
        return Answer(watch.alerts.listed(after=after, limit=limit, balloon=balloon, rule=rule))

    @router.get("/api/alerts/feed", dependencies=read, responses=_ERRORS)
    def feed(request: Request) -> Response:
        """Alerts of rules that push to ``cap``, as an Atom feed of CAP 1.2 messages."""
        text = write_feed(watch.alerts.caps(), str(request.url_for("alert_as_cap", alert="-")).removesuffix("-/cap"))
        return Response(text, media_type="application/atom+xml")

    @router.get("/api/alerts/{alert}/cap", dependencies=read, responses=_ERRORS, name="alert_as_cap")
    def cap(alert: str) -> Response:
        """One alert as a CAP 1.2 message."""
        text = watch.alerts.cap(alert)
        if text is None:
            return problem(404, f"alert: {alert[:40]!r} is none, or of a rule that does not push to cap")
        return Response(text, media_type="application/cap+xml")
