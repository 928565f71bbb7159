"""A small server of synthetic data behind the routes that the page knows: real HTTP, real server-sent events.

python contract_server.py --port 8100 --regions regions.geojson [--token secret] [--balloons 60] [--slow 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import synthetic
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

PAGE = Path(__file__).parents[2] / "src/overflight/serve/page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".txt": "text/plain",
}


def problem(status: int, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def event(name: str, number: int, data: Any) -> str:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


class Jobs:
    """Jobs that come to their end by themselves, a stage each ``stage_s``."""

    def __init__(self, stage_s: float) -> None:
        self.stage_s, self.started, self.cancelled = stage_s, {}, {}
        self.files = synthetic.job_files()

    def start(self, files: list[str], options: dict[str, Any]) -> str:
        job = f"synthetic-{len(self.started) + 1}"
        self.started[job] = (synthetic.now(), files, options)
        return job

    def state(self, job: str) -> dict[str, Any]:
        begun, sent, _ = self.started[job]
        stage = int((self.cancelled.get(job, synthetic.now()) - begun) / self.stage_s)
        done = stage >= len(synthetic.STAGES)
        failed = done and any("nowhere" in name for name in sent)
        status = "cancelled" if job in self.cancelled else "failed" if failed else "done" if done else "running"
        files = [
            {"name": name, "url": f"/api/jobs/{job}/files/{name}", "media_type": kind}
            for name, (kind, _) in self.files.items()
        ]
        return {"job": job, "verb": "investigate", "status": status, "progress": min(1.0, stage / len(synthetic.STAGES)),
                "message": f"{synthetic.STAGES[min(stage, len(synthetic.STAGES) - 1)]} of {', '.join(sent)}", "made_at": synthetic.iso(begun),
                "files": files if status == "done" else [], "error": "sightings: no wind reaches them" if failed else None}  # fmt: skip


def app_of(options: argparse.Namespace) -> FastAPI:
    app, jobs = FastAPI(), Jobs(options.slow)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        wants = request.url.path.startswith("/api/") and options.token
        if wants and request.headers.get("authorization") != f"Bearer {options.token}":
            return problem(401, "a token is needed")
        answer = await call_next(request)
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    page_routes(app, options)
    live_routes(app, options)
    job_routes(app, jobs)
    return app


def page_routes(app: FastAPI, options: argparse.Namespace) -> None:
    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html")

    @app.get("/page/{name}")
    def page_file(name: str) -> FileResponse:
        return FileResponse(PAGE / Path(name).name, media_type=TYPES.get(Path(name).suffix))

    @app.get("/api/regions.geojson")
    def regions() -> FileResponse:
        return FileResponse(options.regions, media_type="application/geo+json")

    @app.get("/api/regions")
    def layers() -> dict[str, list[str]]:
        return {"layers": ["countries"]}

    @app.get("/api/cases")
    def cases() -> list[dict[str, Any]]:
        return [{"case": "synthetic", "title": "Synthetic case, made up for a test"}]

    @app.get("/api/cases/{name}")
    def case(name: str) -> Any:
        return synthetic.case() if name == "synthetic" else problem(404, f"case: got {name}, expected one that is kept")


def live_routes(app: FastAPI, options: argparse.Namespace) -> None:
    @app.get("/api/live")
    def live() -> dict[str, Any]:
        return synthetic.live(options.balloons, synthetic.now())

    @app.get("/api/live/events")
    async def live_events() -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            number = 0
            while True:
                number += 1
                yield event("balloons", number, synthetic.balloons(options.balloons, synthetic.now()))
                await asyncio.sleep(0.5)

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.get("/api/live/{balloon:path}")
    def one(balloon: str) -> Any:
        return synthetic.detail(balloon, options.balloons, synthetic.now()) or problem(
            404, f"balloon: got {balloon}, expected one that is heard"
        )


def job_routes(app: FastAPI, jobs: Jobs) -> None:
    @app.post("/api/jobs/investigate")
    async def start(request: Request) -> JSONResponse:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = list(BytesParser(policy=HTTP).parsebytes(head + await request.body()).iter_parts())
        files = [name for part in parts if (name := part.get_filename())]
        if not files:
            return problem(400, "files: got none, expected sightings")
        said = next(part for part in parts if part.get_param("name", header="content-disposition") == "options")
        job = jobs.start(files, json.loads(said.get_content()))
        return JSONResponse(
            {
                "job": job,
                "status": f"/api/jobs/{job}",
                "events": f"/api/jobs/{job}/events",
                "result": f"/api/jobs/{job}/files",
            },
            202,
        )

    reading_routes(app, jobs)


def reading_routes(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/api/jobs")
    def listed() -> list[dict[str, Any]]:
        return [jobs.state(job) for job in jobs.started]

    @app.get("/api/jobs/{job}")
    def one(job: str) -> Any:
        return (
            jobs.state(job) if job in jobs.started else problem(404, f"job: got {job}, expected one that was started")
        )

    @app.delete("/api/jobs/{job}")
    def cancel(job: str) -> Any:
        jobs.cancelled[job] = synthetic.now()
        return jobs.state(job)

    @app.get("/api/jobs/{job}/events")
    async def events(job: str) -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            for number in range(10_000):
                state = jobs.state(job)
                yield event("progress" if state["status"] == "running" else state["status"], number, state)
                if state["status"] != "running":
                    return
                await asyncio.sleep(0.1)

        return StreamingResponse(stream(), media_type="text/event-stream")

    file_routes(app, jobs)


def file_routes(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/api/jobs/{job}/files/{name}")
    def file(job: str, name: str) -> Response:
        kind, text = jobs.files[name]
        return Response(text, media_type=kind)


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--regions", type=Path, required=True)
    parser.add_argument("--token", default="")
    parser.add_argument("--balloons", type=int, default=40)
    parser.add_argument("--slow", type=float, default=0.15)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    given = options_of()
    uvicorn.run(app_of(given), host="127.0.0.1", port=given.port, log_level="warning")
