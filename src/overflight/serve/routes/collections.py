"""OGC API - Features: regions, live balloons, tracks of jobs and cases, as GIS programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi import Request as HttpRequest
from fastapi.responses import Response

from overflight.geo.times import iso
from overflight.serve import features, regions, tracks
from overflight.serve.features import GEOJSON, JSON, Collection, link
from overflight.serve.problems import Refusal, responses
from overflight.serve.service import Service

_PARAMETERS = {"parameters": [
    {"name": "bbox", "in": "query", "style": "form", "explode": False,
     "schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}},
    {"name": "datetime", "in": "query", "schema": {"type": "string"}},
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}},
    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}},
]}  # fmt: skip


def offered(service: Service) -> dict[str, Collection]:
    """Return the collections of a service."""
    found = [_layer(layer) for layer in regions.layer_names()]
    about = "Tracks, forecasts and hindcasts of jobs and cases."
    root, jobs = service.settings.folder, service.jobs
    found.append(Collection(id="tracks", title="Tracks", description=about, items=lambda: tracks.tracks(root, jobs)))
    if service.watch is not None:
        about = "Where balloons are now."
        found.append(Collection(id="live", title="Live balloons", description=about, items=service.watch.features))
    return {collection.id: collection for collection in found}


def _layer(layer: str) -> Collection:
    is_world = layer == regions.COUNTRIES
    about = "Land, territorial seas, inland waters and disputed areas." if is_world else f"The layer {layer}."
    return Collection(id="regions" if is_world else f"regions-{layer}", title=f"Regions: {layer}", description=about,
                      items=lambda: _regions(layer))  # fmt: skip


def _regions(layer: str) -> list[dict[str, Any]]:
    return tracks.parsed_once(regions.features(layer, regions.USUAL, regions.place()))


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["ogc"], prefix="/ogc")
    _about_all(routes, service)
    _about_one(routes, service)
    return routes


def _base(http: HttpRequest) -> str:
    return f"{str(http.base_url).rstrip('/')}/ogc"


def _found(service: Service, name: str) -> Collection:
    found = offered(service)
    if name not in found:
        raise Refusal(404, f"collection: got {name[:60]!r}, expected {', '.join(found)}")
    return found[name]


def _about_all(routes: APIRouter, service: Service) -> None:
    @routes.get("/", responses=responses(), summary="Where everything is")
    def landing(http: HttpRequest) -> dict[str, Any]:
        base = _base(http)
        top = base.removesuffix("/ogc")
        openapi = "application/vnd.oai.openapi+json;version=3.0"
        return {
            "title": "overflight", "description": "Regions, tracks and live balloons.",
            "links": [link(f"{base}/", "self", JSON, "This page"),
                      link(f"{top}/openapi.json", "service-desc", openapi, "Every route"),
                      link(f"{top}/docs", "service-doc", "text/html", "Every route, to read"),
                      link(f"{base}/conformance", "conformance", JSON, "What it conforms to"),
                      link(f"{base}/collections", "data", JSON, "Collections")],
        }  # fmt: skip

    @routes.get("/conformance", responses=responses(), summary="What it conforms to")
    def conformance() -> dict[str, Any]:
        return {"conformsTo": list(features.CONFORMS)}

    @routes.get("/collections", responses=responses(), summary="List collections")
    def collections(http: HttpRequest) -> dict[str, Any]:
        base = _base(http)
        here = link(f"{base}/collections", "self", JSON, "Collections")
        return {"links": [here], "collections": [one.describe(base) for one in offered(service).values()]}


def _about_one(routes: APIRouter, service: Service) -> None:
    geojson: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}

    @routes.get("/collections/{name}", responses=responses(404), summary="Describe a collection")
    def collection(name: str, http: HttpRequest) -> dict[str, Any]:
        return _found(service, name).describe(_base(http))

    @routes.get("/collections/{name}/items", responses={**responses(404), **geojson}, openapi_extra=_PARAMETERS,
                response_class=Response, summary="Features of a collection")  # fmt: skip
    def items(name: str, http: HttpRequest) -> Response:
        query = features.read_query(dict(http.query_params))
        found = features.page(_found(service, name), query, _base(http), iso(datetime.now(UTC)))
        return Response(msgspec.json.encode(found), media_type=GEOJSON)

    @routes.get("/collections/{name}/items/{feature}", responses={**responses(404), **geojson},
                response_class=Response, summary="One feature")  # fmt: skip
    def item(name: str, feature: str, http: HttpRequest) -> Response:
        owner, base = _found(service, name), _base(http)
        found = owner.find(feature)
        if found is None:
            raise Refusal(404, f"feature: got {feature[:60]!r}, expected the id of one of {name}")
        links = [link(f"{base}/collections/{name}/items/{feature}", "self", GEOJSON, "This feature"),
                 link(f"{base}/collections/{name}", "collection", JSON, owner.title)]  # fmt: skip
        return Response(msgspec.json.encode({**found, "links": links}), media_type=GEOJSON)
