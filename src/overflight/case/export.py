"""Write findings to files, the format by suffix; written beside and renamed, so that no broken file is left."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from lxml import etree
from numpy.typing import NDArray

from overflight.case.report.chart import AHEAD, STYLE, new_figure
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.errors import InvalidInput
from overflight.geo import sphere

KML = "http://www.opengis.net/kml/2.2"
GX = "http://www.google.com/kml/ext/2.2"


def write(data: xr.Dataset | pd.DataFrame, path: Path) -> None:
    """Write trajectories or a table; the suffix names the format.

    Raises
    ------
    InvalidInput
        The suffix is not known, or the file cannot be written.
    """
    writers: dict[str, Callable[[Any, Path], None]] = (
        TRAJECTORY_WRITERS if isinstance(data, xr.Dataset) else TABLE_WRITERS
    )
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise InvalidInput("output", repr(path.name), f"a name that ends in {', '.join(writers)}")
    _placed(path, lambda beside: writers[suffix](data, beside))


def write_json(data: Any, path: Path) -> None:
    """Write plain data as JSON."""
    _placed(path, lambda beside: _text(beside, json.dumps(data, allow_nan=False)))


def _placed(path: Path, writer: Callable[[Path], None]) -> None:
    beside = path.with_name(f".part-{path.name}")
    try:
        writer(beside)
        if path.is_dir():
            shutil.rmtree(path)
        beside.replace(path)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InvalidInput("output", f"{path} ({reason})", "a place that can be written") from None
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                beside.unlink()


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _netcdf(data: xr.Dataset, path: Path) -> None:
    data.to_netcdf(path, engine="h5netcdf", encoding=_encoding(data))


def _zarr(data: xr.Dataset, path: Path) -> None:
    data.to_zarr(path, mode="w", consolidated=False)


def _encoding(data: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Encode times as whole seconds since 1970, so that any reader of CF decodes them; floats compressed."""
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in data.variables.items():
        if np.issubdtype(variable.dtype, np.datetime64):
            encoding[str(name)] = {"units": "milliseconds since 1970-01-01", "dtype": "int64", "calendar": "standard"}
        elif variable.dtype.kind == "f" and variable.size > 1000:
            encoding[str(name)] = {"compression": "gzip", "compression_opts": 4}
    return encoding


def _frame(data: xr.Dataset) -> pd.DataFrame:
    """Return a row an output: trajectory, time, lat, lon and the rest, without what is not known."""
    names = [n for n in ("lat", "lon", "altitude", "pressure", "status") if n in data]
    table = data[names].assign(time=data["time"].broadcast_like(data["lat"])).to_dataframe().reset_index()
    columns = ["trajectory", "time", *names]
    return table.dropna(subset=["lat", "lon"])[columns].sort_values(["trajectory", "time"], ignore_index=True)


def _csv(data: xr.Dataset | pd.DataFrame, path: Path) -> None:
    table = data if isinstance(data, pd.DataFrame) else _frame(data)
    table.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")


def _parquet(data: xr.Dataset | pd.DataFrame, path: Path) -> None:
    (data if isinstance(data, pd.DataFrame) else _frame(data)).to_parquet(path, index=False)


def _json(data: pd.DataFrame, path: Path) -> None:
    _text(path, data.to_json(orient="records", date_format="iso"))


def _paths(data: xr.Dataset) -> list[tuple[int, NDArray[np.datetime64], NDArray[np.float64]]]:
    """Return (member, times, [lon, lat, altitude] (n, 3)) of every member, where it is known."""
    times = data["time"].broadcast_like(data["lat"]).transpose(*data["lat"].dims).values
    members = data["trajectory"].values if "trajectory" in data.coords else np.arange(data.sizes["trajectory"])
    stack = np.stack([np.asarray(data[n].values, np.float64) for n in ("lon", "lat", "altitude")], axis=-1)
    known = np.asarray(np.isfinite(stack[..., :2]).all(axis=-1))
    return [(int(m), times[i][known[i]], stack[i][known[i]]) for i, m in enumerate(members)]


def cut_at_antimeridian(points: NDArray[np.float64]) -> list[list[list[float]]]:
    """Cut a line of [lon, lat, ...] where it crosses the antimeridian, a point on each side (RFC 7946, 3.1.9)."""
    lines: list[list[list[float]]] = [[]]
    for here, following in zip(points, [*points[1:], None], strict=True):
        lines[-1].append([round(float(v), 5) for v in here])
        if following is None or abs(following[0] - here[0]) <= 180.0:
            continue
        side = 180.0 if here[0] > 0 else -180.0
        ahead = following[0] + 2.0 * side
        f = (side - here[0]) / (ahead - here[0]) if ahead != here[0] else 0.0
        middle = here + f * (following - here)
        lines[-1].append([side, *(round(float(v), 5) for v in middle[1:])])
        lines.append([[-side, *(round(float(v), 5) for v in middle[1:])]])
    return lines


def _geojson(data: xr.Dataset, path: Path) -> None:
    features = []
    for member, times, points in _paths(data):
        if len(points) < 2:
            continue
        lines = cut_at_antimeridian(np.nan_to_num(points))
        one = len(lines) == 1
        geometry = {"type": "LineString" if one else "MultiLineString", "coordinates": lines[0] if one else lines}
        properties = {"member": member, "from": _stamp(times[0]), "to": _stamp(times[-1])}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    _text(path, json.dumps({"type": "FeatureCollection", "features": features}))


def _kml(data: xr.Dataset, path: Path) -> None:
    root = etree.Element(f"{{{KML}}}kml", nsmap={None: KML, "gx": GX})
    document = etree.SubElement(root, f"{{{KML}}}Document")
    etree.SubElement(document, f"{{{KML}}}name").text = str(data.attrs.get("title", "trajectories"))
    for member, times, points in _paths(data):
        mark = etree.SubElement(document, f"{{{KML}}}Placemark")
        etree.SubElement(mark, f"{{{KML}}}name").text = f"member {member}"
        track = etree.SubElement(mark, f"{{{GX}}}Track")
        etree.SubElement(track, f"{{{KML}}}altitudeMode").text = "absolute"
        for instant in times:
            etree.SubElement(track, f"{{{KML}}}when").text = _stamp(instant)
        for lon, lat, altitude in np.nan_to_num(points):
            etree.SubElement(track, f"{{{GX}}}coord").text = f"{lon:.5f} {lat:.5f} {altitude:.0f}"
    etree.ElementTree(root).write(str(path), xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _stamp(instant: np.datetime64) -> str:
    return f"{np.datetime_as_string(instant, unit='s')}Z"


def _png(data: xr.Dataset, path: Path) -> None:
    lat, lon = (np.asarray(data[n].values, np.float64) for n in ("lat", "lon"))
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        raise InvalidInput("output", "no places", "trajectories to draw")
    projection = Projection(*sphere.mean_place(lat[known], lon[known]))
    x, y = projection.xy(lat, lon)
    half = 1.15 * max(float(np.abs(x[known]).max()) / 1.5, float(np.abs(y[known]).max()), 20.0)
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 6.4)
        axes = figure.subplots()
        draw_ground(axes, projection, 1.5 * half, half)
        axes.plot(x.T, y.T, color=AHEAD, linewidth=0.8, alpha=min(0.7, 12.0 / max(1, len(x))), zorder=3)
        axes.plot(x[:, 0], y[:, 0], "o", color="#1d2733", markersize=4, zorder=4)
        scale_bar(axes, 1.5 * half, half)
        figure.savefig(path, dpi=150, format="png")


TRAJECTORY_WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".nc": _netcdf,
    ".zarr": _zarr,
    ".geojson": _geojson,
    ".kml": _kml,
    ".csv": _csv,
    ".parquet": _parquet,
    ".png": _png,
}
TABLE_WRITERS: dict[str, Callable[[Any, Path], None]] = {".csv": _csv, ".parquet": _parquet, ".json": _json}
