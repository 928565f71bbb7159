"""Regions for the map: GeoJSON that is made once, kept packed, and known again by its tag."""

from __future__ import annotations

import gzip
import hashlib
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from fastapi.responses import Response

from overflight.serve import regions
from overflight.serve.features import GEOJSON
from overflight.serve.problems import responses

Tolerance = Annotated[float, Query(ge=0.0, le=5.0, description="How far a border may move, degrees.")]


def router() -> APIRouter:
    """Return the routes."""
    routes, packed = APIRouter(tags=["regions"]), dict[tuple[str, float], tuple[str, bytes]]()

    def made(layer: str, tolerance: float) -> tuple[str, bytes]:
        found = regions.features(layer, tolerance, regions.place())
        tag = f'"{hashlib.sha256(found).hexdigest()[:24]}"'
        key = (layer, regions.step_of(tolerance))
        if packed.get(key, ("",))[0] != tag:
            packed[key] = tag, gzip.compress(found, 6)
        return packed[key]

    @routes.get("/api/regions.geojson", responses={**responses(503), 200: {"content": {GEOJSON: {}}}},
                response_class=Response, summary="Regions cut at the antimeridian")  # fmt: skip
    def geojson(
        http: HttpRequest,
        tolerance: Annotated[
            float, Query(ge=0.0, le=5.0, description="How far a border may move, degrees.")
        ] = regions.USUAL,
        layer: Annotated[str, Query(max_length=40)] = regions.COUNTRIES,
    ) -> Response:
        tag, data = made(layer, tolerance)
        headers = {"ETag": tag, "Cache-Control": "private, max-age=3600", "Vary": "Accept-Encoding"}
        if http.headers.get("if-none-match") == tag:
            return Response(None, 304, headers)
        if "gzip" in http.headers.get("accept-encoding", ""):
            return Response(data, headers={**headers, "Content-Encoding": "gzip"}, media_type=GEOJSON)
        return Response(gzip.decompress(data), headers=headers, media_type=GEOJSON)

    @routes.get("/api/regions", responses=responses(), summary="Layers of regions that are at hand")
    def layers() -> dict[str, list[str]]:
        return {"layers": regions.layer_names()}

    return routes
