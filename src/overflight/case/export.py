"""Write findings to files, the format by suffix; written beside and renamed, so that no broken file is left."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5netcdf
import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
import zarr
from lxml import etree
from numpy.typing import NDArray
from xarray.backends import H5NetCDFStore

from overflight.airspace import Ledger, Regions
from overflight.case.placing import STREAMED, placed, require_place, write_text
from overflight.case.report.chart import AHEAD, STYLE, new_figure
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.drift.parts import joined
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
    writers = TRAJECTORY_WRITERS if isinstance(data, xr.Dataset) else TABLE_WRITERS
    require_place(path, writers)
    placed(path, lambda beside: writers[path.suffix.lower()](data, beside))


def write_parts(parts: Iterable[xr.Dataset], path: Path) -> xr.Dataset:
    """Write the parts of an ensemble one after the other to a Zarr group, so that never more than one is in memory.

    Returns
    -------
    Dataset
        Of each member its first output and its end.

    Raises
    ------
    InvalidInput
        The name is none of a Zarr group, or the place cannot be written.
    """
    require_place(path, STREAMED)
    kept: list[xr.Dataset] = []

    def writer(beside: Path) -> None:
        for part in parts:
            _append(part, beside, first=not kept)
            kept.append(beginnings(part))
        below = sum(int(part.attrs["members_below_lowest_level"]) for part in kept)
        zarr.open_group(beside, mode="r+").attrs["members_below_lowest_level"] = below

    placed(path, writer)
    return joined(kept)


def beginnings(data: xr.Dataset) -> xr.Dataset:
    """Return of each member its first output and its end, which need little memory."""
    return data.isel(obs=slice(0, 1)).copy(deep=True)


def write_ledger(found: Ledger, trajectories: xr.Dataset | None, path: Path, regions: Regions | None = None) -> None:
    """Write a ledger: its table, what was crossed as GeoJSON, or the paths it was made of, where given, as a map.

    ``regions`` are those of the ledger, the countries where None.

    Raises
    ------
    InvalidInput
        The suffix is not known, or the file cannot be written.
    """
    if path.suffix.lower() == ".geojson":
        write_json(found.to_geojson(regions), path)
    else:
        write(found.table if trajectories is None or path.suffix.lower() != ".png" else trajectories, path)


def write_json(data: Any, path: Path) -> None:
    """Write plain data as JSON."""
    placed(path, lambda beside: write_text(beside, json.dumps(data, allow_nan=False)))


def _netcdf(data: xr.Dataset, path: Path) -> None:
    """Write in memory first: HDF5 brings the process down where the disk is full."""
    image = io.BytesIO()
    with h5netcdf.File(image, "w") as file:
        _to_milliseconds(data).dump_to_store(H5NetCDFStore(file), encoding=_encoding(data))
    path.write_bytes(image.getbuffer())


def _to_milliseconds(data: xr.Dataset) -> xr.Dataset:
    """Round times down to what they are encoded as: a landing falls between two of them."""
    instants = [name for name, variable in data.variables.items() if np.issubdtype(variable.dtype, np.datetime64)]
    whole = {name: data[name].values.astype("datetime64[ms]").astype("datetime64[ns]") for name in instants}
    return data.assign({name: data[name].copy(data=values) for name, values in whole.items()})


def _zarr(data: xr.Dataset, path: Path) -> None:
    _append(data, path, first=True)


def _append(data: xr.Dataset, path: Path, *, first: bool) -> None:
    """Write a dataset to a new Zarr group, or its members after those that are there."""
    if not first:
        _to_milliseconds(data.drop_vars("time") if data["time"].dims == ("obs",) else data).to_zarr(
            path, append_dim="trajectory", consolidated=False
        )
        return
    times = {name: code for name, code in _encoding(data).items() if "units" in code}
    _to_milliseconds(data).to_zarr(path, mode="w", consolidated=False, encoding=times)


def _encoding(data: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Encode times as whole milliseconds since 1970, so that any reader of CF decodes them; floats compressed."""
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
    write_text(path, data.to_json(orient="records", date_format="iso"))


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
    """Write lines with the time of each output; a point that is put in at the antimeridian is none."""
    features = []
    for member, times, points in _paths(data):
        if len(points) < 2:
            continue
        lines = cut_at_antimeridian(np.nan_to_num(points))
        one = len(lines) == 1
        geometry = {"type": "LineString" if one else "MultiLineString", "coordinates": lines[0] if one else lines}
        stamps = [_stamp(instant) for instant in times]
        properties = {"member": member, "from": stamps[0], "to": stamps[-1], "times": stamps}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    write_text(path, json.dumps({"type": "FeatureCollection", "features": features}))


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
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _stamp(instant: np.datetime64) -> str:
    return f"{np.datetime_as_string(instant, unit='s')}Z"


def _png(data: xr.Dataset, path: Path) -> None:
    lat, lon = (np.atleast_2d(np.asarray(data[n].values, np.float64)) for n in ("lat", "lon"))
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
