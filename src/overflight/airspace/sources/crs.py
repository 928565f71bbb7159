"""Which coordinate systems are taken: degrees on WGS 84, or on a datum within two metres of it.

Read from codes, URNs, well-known text and PROJJSON without PROJ: in one process with the library of
ecCodes, pyproj ends in a crash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from overflight.errors import InvalidInput, one_line

_CODE = re.compile(r"(?:.*[:/])?(EPSG|OGC)(?::|/)(?:[\d.]*[:/])?(CRS84|\d+)", re.IGNORECASE)
_MODERN = frozenset({
    "CRS84",
    "4326", "4979",  # WGS 84
    "4258", "4937",  # ETRS89
    "4269", "6318", "4617",  # NAD83, its 2011 realisation, its Canadian one
    "4283", "7844",  # GDA94, GDA2020
    "4167", "4612", "6668",  # NZGD2000, JGD2000, JGD2011
    "4490", "4674", "4148",  # CGCS2000, SIRGAS 2000, Hartebeesthoek94
})  # fmt: skip
_ELLIPSOID = re.compile(r"(?:SPHEROID|ELLIPSOID)\s*\[\s*\"[^\"]*\"\s*,\s*([\d.]+)", re.IGNORECASE)
_MERIDIAN = re.compile(r"PRIMEM\s*\[\s*\"[^\"]*\"\s*,\s*([-\d.]+)", re.IGNORECASE)
_UNIT = re.compile(r"(?:(?<![A-Z])|ANGLE)UNIT\s*\[\s*\"([^\"]*)\"", re.IGNORECASE)
_WGS84_AXIS_M = 6_378_137.0


def require_degrees(crs: str | Mapping[str, Any], where: str) -> None:
    """Refuse a coordinate system that is not longitude and latitude of today's datums.

    Geographic systems on the ellipsoids of WGS 84 and GRS 80 (ETRS89, NAD83, GDA94 and the like) are taken as they are:
    they differ from WGS 84 by two metres at most. Older datums differ by hundreds.

    Parameters
    ----------
    crs : str or dict. A code, a URN, well-known text, or PROJJSON.

    Raises
    ------
    InvalidInput
        It is not known, is projected, or is on another ellipsoid.
    """
    is_known, name = _of_json(crs) if isinstance(crs, Mapping) else _of_text(str(crs).strip())
    if not is_known:
        raise InvalidInput("crs", one_line(name, 80) or "nothing", "EPSG:4326 (WGS 84)", where,
                           "reproject it: ogr2ogr -t_srs EPSG:4326 OUT.gpkg IN")  # fmt: skip


def _of_text(text: str) -> tuple[bool, str]:
    match = _CODE.fullmatch(text)
    if match is not None:
        return match[2].upper() in _MODERN, text
    quoted = re.search(r"\"([^\"]*)\"", text)
    if not text.upper().startswith(("GEOGCS", "GEOGCRS", "GEODCRS")) or quoted is None:
        return False, quoted[1] if quoted else text
    axis, meridian, unit = (pattern.search(text) for pattern in (_ELLIPSOID, _MERIDIAN, _UNIT))
    modern = axis is not None and abs(float(axis[1]) - _WGS84_AXIS_M) < 0.5
    zero = meridian is None or float(meridian[1]) == 0.0
    return modern and zero and (unit is None or unit[1].lower().startswith("degree")), quoted[1]


def _of_json(crs: Mapping[str, Any]) -> tuple[bool, str]:
    name, identity = str(crs.get("name", "")), crs.get("id")
    if isinstance(identity, Mapping):
        return _of_text(f"{identity.get('authority')}:{identity.get('code')}")[0], name
    datum = crs.get("datum") or crs.get("datum_ensemble")
    ellipsoid = datum.get("ellipsoid") if isinstance(datum, Mapping) else None
    axis = ellipsoid.get("semi_major_axis") if isinstance(ellipsoid, Mapping) else None
    modern = isinstance(axis, int | float) and abs(axis - _WGS84_AXIS_M) < 0.5
    return crs.get("type") == "GeographicCRS" and modern, name
