"""Files as the public archives hold them, made from known winds: synthetic, and small.

Wind at a level of p hPa at t hours of the day: u = p / 100 + t, v = -p / 100, over the globe.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import eccodes
import numpy as np
import zarr

LEVELS = (1000, 500, 200, 100, 50)
NCEP = {"gh": "HGT", "t": "TMP", "r": "RH", "u": "UGRD", "v": "VGRD"}
LAT = np.arange(90, -91, -10.0)
LON = np.arange(0, 360, 10.0)


def value(name: str, level: float, valid: datetime) -> float:
    return {
        "u": level / 100 + valid.hour,
        "v": -level / 100,
        "t": 250.0,
        "gh": 44330 * (1 - (level / 1013.25) ** 0.19),
        "r": 50.0,
    }[name]


def message(name: str, level: int, run: datetime, step_h: int, member: int | None = None) -> bytes:
    handle = eccodes.codes_grib_new_from_samples("regular_ll_pl_grib2")
    facts = {
        "Ni": LON.size, "Nj": LAT.size, "latitudeOfFirstGridPointInDegrees": 90.0,
        "longitudeOfFirstGridPointInDegrees": 0.0, "latitudeOfLastGridPointInDegrees": -90.0,
        "longitudeOfLastGridPointInDegrees": 350.0, "iDirectionIncrementInDegrees": 10.0,
        "jDirectionIncrementInDegrees": 10.0, "dataDate": int(f"{run:%Y%m%d}"), "dataTime": run.hour * 100,
        "shortName": name, "typeOfLevel": "isobaricInhPa", "level": level, "stepRange": str(step_h),
        "bitsPerValue": 16,
    }  # fmt: skip
    if member is not None:
        ensemble = {
            "productDefinitionTemplateNumber": 1,
            "perturbationNumber": member,
            "numberOfForecastsInEnsemble": 30,
        }
        facts = ensemble | {"typeOfEnsembleForecast": 3 if member else 1} | facts
    for key, fact in facts.items():
        eccodes.codes_set(handle, key, fact)
    # A ripple over the columns, so that a shifted or mirrored field shows.
    base = value(name, level, run + timedelta(hours=step_h)) + (member or 0)
    field = base + np.sin(np.radians(LON))[None, :] * np.ones((LAT.size, 1))
    eccodes.codes_set_values(handle, field.ravel())
    body = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return body


def fields(run: datetime, step_h: int) -> list[tuple[str, int, bytes]]:
    order = ("gh", "t", "r", "u", "v")
    return [(name, level, message(name, level, run, step_h)) for level in LEVELS[::-1] for name in order]


def write_gfs(root: Path, run: datetime, steps: tuple[int, ...], res: str = "0p25") -> list[Path]:
    """Write GRIB files and their indices as NOAA's bucket holds them."""
    made = []
    for step_h in steps:
        name = f"gfs.{run:%Y%m%d}/{run:%H}/atmos/gfs.t{run:%H}z.pgrb2.{res}.f{step_h:03d}"
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        at, rows, body = 0, [], b""
        for number, (field, level, data) in enumerate(fields(run, step_h), start=1):
            step = f"{step_h} hour fcst" if step_h else "anl"
            rows.append(f"{number}:{at}:d={run:%Y%m%d%H}:{NCEP[field]}:{level} mb:{step}:")
            at, body = at + len(data), body + data
        path.write_bytes(body)
        path.with_name(path.name + ".idx").write_text("\n".join(rows) + "\n")
        made.append(path)
    return made


GEFS_SECOND = (300, 70)


def write_gefs(root: Path, run: datetime, steps: tuple[int, ...]) -> None:
    """Write GRIB files and their indices as NOAA's bucket of the ensemble holds them; u of member n is n higher."""
    for step_h in steps:
        for member in range(31):
            for letter, levels in (("a", LEVELS), ("b", GEFS_SECOND)):
                stem = "gec00" if member == 0 else f"gep{member:02d}"
                name = f"gefs.{run:%Y%m%d}/{run:%H}/atmos/pgrb2{letter}p5/{stem}.t{run:%H}z.pgrb2{letter}.0p50.f{step_h:03d}"
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                at, rows, body = 0, [], b""
                for number, (field, level) in enumerate(
                    [(f, p) for p in levels for f in ("gh", "t", "u", "v")], start=1
                ):
                    data = message(field, level, run, step_h, member)
                    kind = f"ENS=+{member}" if member else "ENS=low-res ctl"
                    rows.append(f"{number}:{at}:d={run:%Y%m%d%H}:{NCEP[field]}:{level} mb:{step_h} hour fcst:{kind}")
                    at, body = at + len(data), body + data
                path.write_bytes(body)
                path.with_name(path.name + ".idx").write_text("\n".join(rows) + "\n")


def write_ecmwf(root: Path, run: datetime, steps: tuple[int, ...]) -> None:
    """Write GRIB files and their indices as ECMWF's server holds them."""
    for step_h in steps:
        folder = root / f"forecasts/{run:%Y%m%d}/{run:%H}z/ifs/0p25/oper"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{run:%Y%m%d%H}0000-{step_h}h-oper-fc"
        at, rows, body = 0, [], b""
        for field, level, data in fields(run, step_h):
            facts = {"domain": "g", "date": f"{run:%Y%m%d}", "time": f"{run:%H}00", "levtype": "pl"}
            facts |= {"stream": "oper", "step": str(step_h), "levelist": str(level), "param": field}
            rows.append(json.dumps(facts | {"_offset": at, "_length": len(data)}))
            at, body = at + len(data), body + data
        rows.append(json.dumps({"levtype": "sfc", "param": "10u", "_offset": 0, "_length": 9}))
        (folder / f"{stem}.grib2").write_bytes(body)
        (folder / f"{stem}.index").write_text("\n".join(rows) + "\n")


def write_arco(
    path: Path, first: datetime, hours: int, lat=LAT, lon=LON, *, version: int = 2, levels=LEVELS[::-1]
) -> None:
    """Write a Zarr as ARCO-ERA5 is laid out: one chunk a variable and hour, levels from the top."""
    group = zarr.open_group(str(path), mode="w", zarr_format=version)

    def put(name: str, dims: tuple[str, ...], data: np.ndarray, chunks: tuple[int, ...], **attrs: str) -> None:
        extra = {"attributes": attrs | ({"_ARRAY_DIMENSIONS": list(dims)} if version == 2 else {})}
        if version == 3:
            extra["dimension_names"] = dims
        group.create_array(name, data=data, chunks=chunks, **extra)

    start = int((first - datetime(1900, 1, 1, tzinfo=first.tzinfo)).total_seconds() // 3600)
    put("time", ("time",), np.arange(start, start + hours), (hours,), units="hours since 1900-01-01",
        calendar="proleptic_gregorian")  # fmt: skip
    put("level", ("level",), np.array(levels, "int64"), (len(levels),), units="hPa")
    put("latitude", ("latitude",), np.array(lat, "float32"), (len(lat),), units="degrees_north")
    put("longitude", ("longitude",), np.array(lon, "float32"), (len(lon),), units="degrees_east")
    names = {"u": "u_component_of_wind", "v": "v_component_of_wind", "t": "temperature", "gh": "geopotential"}
    dims = ("time", "level", "latitude", "longitude")
    for short, name in names.items():
        times = [first + timedelta(hours=n) for n in range(hours)]
        column = np.array([[value(short, level, time) for level in levels] for time in times])
        data = column[:, :, None, None] + np.sin(np.radians(lon))[None, None, None, :] + 0 * np.asarray(lat)[:, None]
        data = data * (9.80665 if short == "gh" else 1.0)
        put(name, dims, data.astype("float32"), (1, len(levels), len(lat), len(lon)))
    if version == 2:
        zarr.consolidate_metadata(str(path), zarr_format=version)


def index_real(path: Path) -> str:
    """Return the index of a real GRIB file, fields that share a message numbered n.1, n.2 as wgrib2 does."""
    rows: list[tuple[int, str]] = []
    eccodes.codes_grib_multi_support_on()
    try:
        with path.open("rb") as stream:
            while (handle := eccodes.codes_grib_new_from_file(stream)) is not None:
                name, kind, level, at = (
                    eccodes.codes_get(handle, key) for key in ("shortName", "typeOfLevel", "level", "offset")
                )
                place = f"{level} mb" if kind == "isobaricInhPa" else "somewhere else"
                rows.append((int(at), f"d=2011011012:{NCEP.get(name, name.upper())}:{place}:120 hour fcst:"))
                eccodes.codes_release(handle)
    finally:
        eccodes.codes_grib_multi_support_off()
    starts = sorted({at for at, _ in rows})
    seen: dict[int, int] = {}
    lines = []
    for at, rest in rows:
        seen[at] = seen.get(at, 0) + 1
        shared = sum(other == at for other, _ in rows) > 1
        lines.append(f"{starts.index(at) + 1}{f'.{seen[at]}' if shared else ''}:{at}:{rest}")
    return "\n".join(lines) + "\n"
