"""The route that clients of the Tawhiri predictor speak."""

from __future__ import annotations

from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from fastapi import Request as HttpRequest
from fastapi.responses import Response

from overflight.errors import InvalidInput, OverflightError, one_line
from overflight.serve.predictions import ERRORS
from overflight.serve.problems import problem, responses, status_of
from overflight.serve.service import Service

AT_ONCE = 4
"""More threads only wait for each other: a prediction is computing, not waiting."""
_NUMBER = {"type": "number"}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "launch_latitude": {**_NUMBER, "minimum": -90, "maximum": 90},
    "launch_longitude": {**_NUMBER, "minimum": 0, "maximum": 360},
    "launch_datetime": {"type": "string", "format": "date-time"},
    "launch_altitude": {**_NUMBER, "minimum": -500, "maximum": 40_000},
    "profile": {"type": "string", "enum": ["standard_profile", "float_profile"]},
    "ascent_rate": {**_NUMBER, "minimum": 0.01, "maximum": 100},
    "burst_altitude": {**_NUMBER, "minimum": 0, "maximum": 60_000},
    "descent_rate": {**_NUMBER, "minimum": 0.01, "maximum": 100},
    "float_altitude": {**_NUMBER, "minimum": 0, "maximum": 60_000},
    "stop_datetime": {"type": "string", "format": "date-time"},
    "dataset": {"type": "string"},
    "version": {"type": "integer"},
}
_REQUIRED = ("launch_latitude", "launch_longitude", "launch_datetime", "ascent_rate")
_OPENAPI = {"parameters": [{"name": name, "in": "query", "required": name in _REQUIRED, "schema": schema}
                           for name, schema in _PARAMETERS.items()]}  # fmt: skip
_ABOUT = "The request and the response of the Tawhiri predictor, version 1."


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes, limiter = APIRouter(tags=["predictions"]), CapacityLimiter(AT_ONCE)

    def answer(given: dict[str, str]) -> Response:
        unknown = set(given) - set(_PARAMETERS)
        try:
            if unknown:
                raise InvalidInput(min(unknown), "an unknown parameter", ", ".join(_PARAMETERS))
            found, was_made = service.predictor.answer(given)
        except OverflightError as failure:
            status, line = status_of(failure), one_line(str(failure))
            return problem(status, line, error={"type": ERRORS.get(status, "PredictionException"), "description": line})
        service.metrics.count("overflight_predictions_total", cached=str(was_made).lower())
        return Response(found, headers={"X-Cache": "hit" if was_made else "miss"}, media_type="application/json")

    @routes.get("/api/v1/", openapi_extra=_OPENAPI, responses=responses(503), description=_ABOUT, summary="Predict")
    @routes.get("/api/v2/", openapi_extra=_OPENAPI, responses=responses(503), description=_ABOUT, summary="Predict",
                operation_id="predict_v2")  # fmt: skip
    async def predict(http: HttpRequest) -> Response:
        given = dict(http.query_params)
        return await to_thread.run_sync(answer, given, limiter=limiter)

    return routes
