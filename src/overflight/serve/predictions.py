"""Predictions over HTTP: winds packed once and kept warm, the same code as the verb ``launch``."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from overflight.drift import Settings as RunSettings
from overflight.drift.pack import WindPack
from overflight.drift.tawhiri import STEP_S, predict
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo.terrain import Terrain
from overflight.serve.winds_at_hand import signature
from overflight.winds.open import open_winds

LOOK_S = 30.0
"""Winds that have come since are found after this, at the latest."""
MOST_KEPT = 256
BYTES_A_NODE = 4 * (4 + 2 + 2)
"""Of two times: two winds each, height and density."""
ERRORS = {400: "RequestException", 404: "InvalidDatasetException", 503: "InvalidDatasetException"}
"""What the public interface calls a failure by its status."""


class Predictor:
    """The winds of a service as the kernels read them, and answers of late.

    Parameters
    ----------
    winds : file, folder, pattern or stored source.
    wind_bytes : memory for packed winds; at least two slabs are kept.
    """

    def __init__(self, winds: str, wind_bytes: int) -> None:
        self.winds, self.wind_bytes = winds, wind_bytes
        self._settings = RunSettings(step_s=STEP_S, output_s=STEP_S, terrain=Terrain.load())
        self._lock = threading.Lock()
        self._pack: WindPack | None = None
        self._state, self._looked = "", -LOOK_S
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def answer(self, request: Mapping[str, Any]) -> tuple[bytes, bool]:
        """Return a prediction as JSON, and whether it was made before.

        Raises
        ------
        InvalidInput, OutOfCoverage
            As ``drift.tawhiri.predict``.
        """
        pack, state = self.pack()
        key = hashlib.sha256(msgspec.json.encode([state, sorted(request.items())])).hexdigest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key], True
        found = msgspec.json.encode(predict(pack, request, self._settings))
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found, False

    def pack(self) -> tuple[WindPack, str]:
        """Return the packed winds and their state; they are opened anew where they have changed."""
        with self._lock:
            if time.monotonic() - self._looked < LOOK_S and self._pack is not None:
                return self._pack, self._state
            state = signature(self.winds)
            if self._pack is None or state != self._state:
                self._pack = self._opened()
            self._state, self._looked = state, time.monotonic()
            return self._pack, self._state

    def _opened(self) -> WindPack:
        field = open_winds(self.winds)
        if "member" in field.dims:
            raise OutOfCoverage("winds", "predictions of one flight", "an ensemble", "give --winds of one member")
        nodes = (field.sizes["lat"] + 1) * (field.sizes["lon"] + 1) * field.sizes["level"]
        return WindPack(field, densities=True, keep=max(2, int(self.wind_bytes / (BYTES_A_NODE * nodes))))

    def warm(self) -> str:
        """Compile, open and pack; return "" or why that fails."""
        try:
            pack, _ = self.pack()
            middle = {"lat": float(pack.axes.lat.mean()), "lon": float(pack.axes.lon.mean()) % 360.0}
            self.answer(_somewhere(pack, **middle))
        except (OutOfCoverage, InvalidInput) as failure:
            return str(failure)
        return ""


def _somewhere(pack: WindPack, lat: float, lon: float) -> dict[str, Any]:
    from overflight.geo.times import iso  # noqa: PLC0415 - for a start only

    return {"launch_latitude": lat, "launch_longitude": lon, "launch_datetime": iso(pack.epoch), "ascent_rate": 5.0,
            "launch_altitude": 9000.0, "burst_altitude": 10_000.0, "descent_rate": 5.0}  # fmt: skip
