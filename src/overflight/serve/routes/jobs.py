"""Long work as jobs: begin, follow, cancel, and fetch what came of it."""

from __future__ import annotations

import asyncio
import mimetypes
import shutil
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from overflight.errors import InvalidInput
from overflight.serve import cases, events, sse
from overflight.serve.headers import CSP_OF_FILES
from overflight.serve.jobs import Row, folder_of
from overflight.serve.jobs_request import Body, files_of, put_down, read_body
from overflight.serve.jobs_verbs import VERBS, verb_of
from overflight.serve.problems import Refusal, responses
from overflight.serve.service import Service

BODY_S = 60.0
"""A body that takes longer is given up."""
TYPES = {
    ".geojson": "application/geo+json", ".nc": "application/x-netcdf", ".kml": "application/vnd.google-earth.kml+xml",
    ".czml": "application/json", ".json": "application/json", ".csv": "text/csv", ".html": "text/html",
    ".parquet": "application/vnd.apache.parquet", ".txt": "text/plain",
}  # fmt: skip
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object", "properties": {
            "options": {"type": "object"}, "files": {"type": "object", "additionalProperties": {"type": "string"}},
            "from": {"type": "array", "items": {"type": "string"}}}}},
        "multipart/form-data": {"schema": {"type": "object", "properties": {
            "options": {"type": "string"}, "file": {"type": "string", "format": "binary"}}}},
    },
}  # fmt: skip
Job = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", description="id of a job")]
Verb = Annotated[str, Path(description=f"one of {', '.join(VERBS)}", json_schema_extra={"enum": list(VERBS)})]
State = Literal["queued", "running", "done", "failed", "cancelled"]


def shown(service: Service, row: Row) -> dict[str, Any]:
    """Return a job as it is answered."""
    here = f"/api/jobs/{row.id}"
    found = files_of(folder_of(service.settings.folder, row.id)) if row.status == "done" else {}
    files = [{"name": n, "url": f"{here}/files/{n}", "media_type": media_type(n), "bytes": p.stat().st_size}
             for n, p in found.items()]  # fmt: skip
    about = {name: getattr(row, name) for name in ("verb", "status", "progress", "message", "made_at", "started_at",
                                                   "ended_at", "attempt")}  # fmt: skip
    links = {"url": here, "events": f"{here}/events", "result": f"{here}/files/result.json"}
    if row.verb == "investigate" and row.status == "done":
        links["case"] = f"/api/cases/{row.id}"
    return {"job": row.id, **about, "files": files, "error": row.error or None, **links}


def media_type(name: str) -> str:
    """Return the media type of a file by its name."""
    suffix = f".{name.rpartition('.')[2].lower()}"
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["jobs"])

    @routes.post("/api/jobs/{verb}", status_code=202, responses=responses(404, 408, 413, 415),
                 openapi_extra={"requestBody": _BODY}, summary="Begin a job, or find the same one")  # fmt: skip
    async def begin(verb: Verb, http: HttpRequest) -> Response:
        verb_of(verb)
        data = await _body(http)
        author = http.state.party.name
        row, was_there = await asyncio.to_thread(
            lambda: _begun(service, verb, read_body(data, http.headers.get("content-type", "")), author)
        )
        headers = {"Location": f"/api/jobs/{row.id}", "X-Cache": "hit" if was_there else "miss"}
        return JSONResponse(shown(service, row) | {"cached": was_there}, 202, headers)

    @routes.get("/api/jobs", responses=responses(), summary="List jobs, the newest first")
    def listed(
        status: State | None = None, verb: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> dict[str, Any]:  # fmt: skip
        rows = service.jobs.page(status=status or "", verb=verb, limit=limit, offset=offset)
        return {"jobs": [shown(service, row) for row in rows], "counts": service.jobs.counts()}

    @routes.get("/api/jobs/{job}", responses=responses(404), summary="Say how far a job is")
    def one(job: Job) -> dict[str, Any]:
        return shown(service, service.jobs.find(job))

    @routes.delete("/api/jobs/{job}", responses=responses(404, 409), summary="Cancel a job")
    def cancel(job: Job) -> dict[str, Any]:
        row = service.jobs.cancel(job)
        service.runner.wake.set()
        return shown(service, row)

    @routes.get("/api/jobs/{job}/events", responses={**responses(404), 200: {"content": {events.MEDIA_TYPE: {}}}},
                response_class=StreamingResponse, summary="Follow a job by server-sent events")  # fmt: skip
    async def follow(job: Job) -> Response:
        await asyncio.to_thread(service.jobs.find, job)
        return StreamingResponse(_events(service, job), media_type=events.MEDIA_TYPE, headers=events.HEADERS)

    @routes.get("/api/jobs/{job}/files/{name:path}", responses=responses(404), response_class=FileResponse,
                summary="Fetch a file that a job has made")  # fmt: skip
    def fetched(job: Job, name: str) -> Response:
        row = service.jobs.find(job)
        found = files_of(folder_of(service.settings.folder, row.id)) if row.status == "done" else {}
        if name not in found:
            raise Refusal(404, f"file: got {name[:80]!r}, expected {', '.join(found) or 'none, the job is not done'}")
        headers = {"Content-Security-Policy": CSP_OF_FILES, "Cache-Control": "private, max-age=3600"}
        return FileResponse(found[name], media_type=media_type(name), headers=headers)

    return routes


async def _body(http: HttpRequest) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await http.body()
    except TimeoutError:
        raise Refusal(408, f"body: got a part of it in {BODY_S:g} s") from None


def _begun(service: Service, verb: str, body: Body, author: str) -> tuple[Row, bool]:
    """Queue a job, or return the same one that is there."""
    settings, jobs = service.settings, service.jobs
    given = body.options.get("case", "") if verb == "report" else ""
    case = cases.state_of(settings.folder, given) if given and isinstance(given, str) else ""
    job = jobs.new_id()
    folder = folder_of(settings.folder, job)
    try:
        put = put_down(verb, body, folder, settings.folder, winds=settings.winds, case=case)
        same = jobs.same(put.digest)
        if same is None:
            jobs.add(job, put.asked, put.digest, author, settings.most_queued)
    except BaseException as failure:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(failure, OSError):
            raise InvalidInput("files", failure.strerror or str(failure), "files that can be kept") from None
        raise
    if same is not None:
        shutil.rmtree(folder, ignore_errors=True)
        return same, True
    service.runner.wake.set()
    return jobs.find(job), False


async def _events(service: Service, job: str) -> AsyncIterator[bytes]:
    service.metrics.streams += 1
    try:
        async for row in service.hub.follow(job):
            if row is None:
                yield sse.HEARTBEAT
                continue
            name = row.status if row.status in ("done", "failed", "cancelled") else "progress"
            yield sse.encoded(name, str(row.revision), shown(service, row))
    finally:
        service.metrics.streams -= 1
