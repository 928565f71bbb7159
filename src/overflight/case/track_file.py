"""Write a track to a file: GeoJSON with its regions, a table of its mean, samples as trajectories, or its figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from overflight.case import export
from overflight.case.placing import require_place, write_figure
from overflight.geo.density import closed_rings
from overflight.geo.times import iso
from overflight.infer import Track
from overflight.infer.bands import LEVELS, outline

SUFFIXES = (".geojson", ".csv", ".json", ".nc", ".zarr", ".kml", ".parquet", ".png", ".svg")
_MOST_REGIONS = 60
_NUMBERS = ("sd_km", "altitude_q05", "altitude_q50", "altitude_q95")


def write_track(found: Track, path: Path) -> None:
    """Write a track; the suffix names the format.

    Raises
    ------
    InvalidInput
        The suffix is not known, or the file cannot be written.
    """
    require_place(path, SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".geojson":
        export.write_json(to_geojson(found), path)
    elif suffix == ".json":
        export.write_json(found.to_json(), path)
    elif suffix == ".csv":
        export.write(found.mean.to_dataframe().reset_index(), path)
    elif suffix in (".png", ".svg"):
        from overflight.case.report.track_section import figure  # noqa: PLC0415 - only where it is drawn

        write_figure(figure(found), path)
    else:
        export.write(found.samples, path)


def to_geojson(found: Track) -> dict[str, Any]:
    """Return the mean line with its numbers at every time, regions of 50 and 90 % over time, and the sightings."""
    mean, count = found.mean, found.mean.sizes["time"]
    times = [iso(t) for t in mean["time"].values]
    numbers = {n: [round(float(v), 4) for v in mean[n].values] for n in _NUMBERS}
    features = [_line(found, {"what": "mean track", "times": times, **numbers})] if count > 1 else []
    for obs in np.unique(np.linspace(0, count - 1, min(count, _MOST_REGIONS)).round().astype(int)):
        for level in sorted(LEVELS, reverse=True):
            ring = np.stack(outline(found.samples, int(obs), level), axis=1)
            parts = [[part] for part in closed_rings(ring)]
            about = {"what": "region", "probability": level, "time": times[obs]}
            about |= {n: values[obs] for n, values in numbers.items()}
            features.append(_feature({"type": "MultiPolygon", "coordinates": parts}, about))
    for row in found.per_sighting:
        about = {"what": "sighting", "time": iso(row.time), "residual_km": row.residual_km, "weight": row.weight,
                 "outlier_probability": row.outlier_probability}  # fmt: skip
        features.append(_feature({"type": "Point", "coordinates": [row.lon, row.lat]}, about))
    return {"type": "FeatureCollection", "features": features}


def _line(found: Track, about: dict[str, Any]) -> dict[str, Any]:
    points = np.stack([found.mean[n].values.astype(np.float64) for n in ("lon", "lat")], axis=1)
    lines = export.cut_at_antimeridian(points)
    if len(lines) == 1:
        return _feature({"type": "LineString", "coordinates": lines[0]}, about)
    return _feature({"type": "MultiLineString", "coordinates": lines}, about)


def _feature(geometry: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": about, "geometry": geometry}
