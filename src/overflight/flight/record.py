"""A flight as plain data, for files and findings, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from overflight.errors import InvalidInput
from overflight.flight.debris import DebrisClass, DebrisFall
from overflight.flight.flight import Flight
from overflight.flight.phases import Ascent, Descent, Float, Lift, Recorded
from overflight.flight.superpressure import Superpressure
from overflight.flight.until import Until
from overflight.flight.zero_pressure import ZeroPressure
from overflight.geo.spread import Given, Spread

_TYPES: dict[str, type[Any]] = {
    "ascent": Ascent,
    "debris_class": DebrisClass,
    "debris_fall": DebrisFall,
    "descent": Descent,
    "float": Float,
    "given": Given,
    "lift": Lift,
    "recorded": Recorded,
    "spread": Spread,
    "superpressure": Superpressure,
    "until": Until,
    "zero_pressure": ZeroPressure,
}
_NAMES = {kind: name for name, kind in _TYPES.items()}
_DEEPEST = 6


def to_record(flight: Flight) -> list[dict[str, Any]]:
    """Return the phases as JSON-ready data: one object each, ``type`` first, bounds that are infinite left out."""
    return [_plain(phase) for phase in flight.phases]


def from_record(record: Sequence[Mapping[str, Any]]) -> Flight:
    """Return the flight that ``to_record`` wrote.

    Raises
    ------
    InvalidInput
        The data are no list of phases, name an unknown type or field, or hold a value that the phase refuses.
    """
    if isinstance(record, (str, bytes, Mapping)) or not isinstance(record, Sequence):
        raise InvalidInput("flight", type(record).__name__, "a list of phases")
    return Flight(phases=tuple(_phase(number, data) for number, data in enumerate(record, start=1)))


def _phase(number: int, data: object) -> Any:
    phase = _rich(data, _DEEPEST)
    if not hasattr(phase, "fill") or not hasattr(phase, "code"):
        raise InvalidInput(f"phase {number}", "no phase", "an object with a type such as ascent, float or descent")
    return phase


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"type": _NAMES[type(value)], **{k: v for k, v in content.items() if _is_stated(v)}}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        times = value.dtype.kind == "M"
        return [str(item) for item in value] if times else [float(item) for item in value]
    return value


def _is_stated(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isinf(value))


def _rich(value: Any, depth: int) -> Any:
    if depth < 0:
        raise InvalidInput("flight", "data nested too deep", f"at most {_DEEPEST} levels")
    if isinstance(value, Mapping):
        return _made(value, depth)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return tuple(_rich(item, depth - 1) for item in value)
    return value


def _made(data: Mapping[str, Any], depth: int) -> Any:
    name = data.get("type")
    kind = _TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidInput("type", repr(name), ", ".join(_TYPES))
    content = {str(key): _rich(item, depth - 1) for key, item in data.items() if key != "type"}
    unknown = sorted(set(content) - {f.name for f in fields(kind)})
    if unknown:
        raise InvalidInput(f"{name} field", ", ".join(unknown), ", ".join(f.name for f in fields(kind)))
    try:
        return kind(**content)
    except (TypeError, ValueError, AttributeError) as problem:
        raise InvalidInput(str(name), str(problem), "the fields of its type") from problem
