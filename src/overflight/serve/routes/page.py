"""The page and its files; and a list of all routes to read, which needs nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import jinja2
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from overflight.serve.headers import CSP

PAGE = Path(str(files("overflight.serve").joinpath("page")))
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color-scheme:light dark}
code{font-size:.95em}dt{margin-top:1rem}dd{margin:0 0 0 1.5rem}h2{margin-top:2rem;text-transform:capitalize}"""
STYLED = b64encode(sha256(STYLE.encode()).digest()).decode()
CSP_OF_DOCS = CSP.replace("style-src 'self'", f"style-src 'sha256-{STYLED}'")
DOCS = jinja2.Environment(autoescape=True).from_string(
    """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>overflight: routes</title>
<style>{{ style|safe }}</style>
<h1>{{ title }} {{ version }}</h1><p>{{ description }} Machine-readable: <a href="/openapi.json">openapi.json</a>.
{% for tag, routes in groups.items() %}<h2>{{ tag }}</h2><dl>
{% for route in routes %}<dt><code><b>{{ route.method }}</b> {{ route.path }}</code><dd>{{ route.summary }}
{% if route.parameters %}<br>{% for p in route.parameters %}<code>{{ p.name }}{% if p.required %}*{% endif %}</code>
{% endfor %}{% endif %}{% endfor %}</dl>{% endfor %}"""
)


def install(app: FastAPI) -> None:
    """Add the page to an application."""

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-cache"}
        return FileResponse(PAGE / "index.html", headers=headers)

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(_docs(app), headers={"Content-Security-Policy": CSP_OF_DOCS})

    @app.get("/ogc", include_in_schema=False)
    async def ogc() -> Response:
        return RedirectResponse("/ogc/")

    app.mount("/page", StaticFiles(directory=PAGE), name="page")


def _docs(app: FastAPI) -> str:
    document = app.openapi()
    groups: dict[str, list[dict[str, object]]] = {}
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            row = {"method": method.upper(), "path": path, "summary": about.get("summary", ""),
                   "parameters": about.get("parameters", [])}  # fmt: skip
            groups.setdefault((about.get("tags") or ["other"])[0], []).append(row)
    return DOCS.render(style=STYLE, groups=groups, **document["info"])
