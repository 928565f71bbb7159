"""Cases: listed, shown with claims beside findings, and reported."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse, Response

from overflight.serve import cases
from overflight.serve.headers import CSP_OF_FILES
from overflight.serve.problems import Refusal, responses
from overflight.serve.routes.jobs import media_type
from overflight.serve.service import Service

Case = Annotated[str, Path(description="id of a case")]


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes, root = APIRouter(tags=["cases"]), service.settings.folder

    @routes.get("/api/cases", responses=responses(), summary="List cases")
    def listed() -> dict[str, Any]:
        return {"cases": cases.listed(root)}

    @routes.get("/api/cases/{case}", responses=responses(404), summary="Show a case, claims beside findings")
    def shown(case: Case) -> dict[str, Any]:
        return cases.shown(root, case)

    @routes.get("/api/cases/{case}/report.{kind}", responses=responses(404, 503), response_class=FileResponse,
                summary="Read the report of a case")  # fmt: skip
    def report(case: Case, kind: Literal["html", "pdf"], language: Literal["en", "es"] = "en") -> Response:
        path = cases.report(root, case, kind, language)
        kinds = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
        return FileResponse(path, media_type=kinds[kind], headers={"Content-Security-Policy": CSP_OF_FILES})

    @routes.get("/api/cases/{case}/files/{name}", responses=responses(404), response_class=FileResponse,
                summary="Fetch a file of a case")  # fmt: skip
    def fetched(case: Case, name: str) -> Response:
        folder = cases.find_case(root, case)
        known = {path.name: path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
        if name not in known:
            raise Refusal(404, f"file: got {name[:80]!r}, expected one of the case")
        headers = {"Content-Security-Policy": CSP_OF_FILES}
        return FileResponse(known[name], media_type=media_type(name), headers=headers)

    return routes
