"""Liveness, readiness and metrics, and the audit log for whoever administers."""

from __future__ import annotations

from collections import deque
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from overflight import __version__
from overflight.errors import OverflightError, one_line
from overflight.serve import metrics
from overflight.serve.problems import responses
from overflight.serve.service import Service


class Pass(BaseModel):
    """What is asked of a pass."""

    path: str


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["state"])

    @routes.get("/health", summary="Say that it is up")
    async def health() -> dict[str, str]:
        return {"status": "up", "version": __version__}

    @routes.get("/ready", responses=responses(503), summary="Say whether it can take work")
    def ready() -> Response:
        if service.stopping.is_set():
            return JSONResponse({"status": "stopping"}, 503)
        try:
            counts = service.jobs.counts()
        except OverflightError as failure:
            return JSONResponse({"status": "no store", "detail": one_line(str(failure))}, 503)
        problems = service.watch.problems() if service.watch is not None else []
        return JSONResponse({"status": "ready", "jobs": counts, "watch": problems})

    @routes.get("/metrics", responses=responses(), summary="Counts and times, as Prometheus reads them")
    def measured() -> Response:
        figures = service.watch.figures() if service.watch is not None else {}
        return Response(service.metrics.text(service.jobs.counts(), figures), media_type=metrics.MEDIA_TYPE)

    @routes.post("/api/passes", status_code=204, responses=responses(), response_class=Response,
                 summary="Let this browser open one file of a job or a case, for half a minute")  # fmt: skip
    def let(given: Pass, http: HttpRequest) -> Response:
        cookie = service.passes.cookie(http.state.party, given.path, is_secure=http.url.scheme == "https")
        return Response(status_code=204, headers={"Set-Cookie": cookie})

    @routes.get("/api/audit", responses=responses(), summary="The last lines of the audit log")
    def audit(last: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        with service.audit.path.open("rb") as stream:
            lines = deque(stream, maxlen=last)
        return [msgspec.json.decode(line) for line in lines]

    return routes
