"""Which coordinate systems are taken: degrees on WGS 84, or on a datum within two metres of it."""

from __future__ import annotations

from typing import Any

from overflight.errors import InvalidInput, one_line

_KNOWN = frozenset({
    "EPSG:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84",
    "urn:ogc:def:crs:EPSG::4326", "urn:x-ogc:def:crs:EPSG:4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
})  # fmt: skip
_WGS84_AXIS_M = 6_378_137.0


def require_degrees(crs: Any, where: str) -> None:
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
    if isinstance(crs, str) and crs in _KNOWN:
        return
    from pyproj import CRS  # noqa: PLC0415 - slow to import, and seldom needed
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    expected, hint = "EPSG:4326 (WGS 84)", "reproject it: ogr2ogr -t_srs EPSG:4326 OUT.gpkg IN"
    try:
        system = CRS.from_user_input(crs)
    except CRSError:
        raise InvalidInput("crs", one_line(str(crs), 80), expected, where, hint) from None
    modern = system.ellipsoid is not None and abs(system.ellipsoid.semi_major_metre - _WGS84_AXIS_M) < 0.5
    zero = system.prime_meridian is None or system.prime_meridian.longitude == 0.0
    degrees = all(axis.unit_name == "degree" for axis in system.axis_info)
    if not (system.is_geographic and modern and zero and degrees):
        raise InvalidInput("crs", one_line(system.name, 80), expected, where, hint)
