"""Soundings and tracks whose wind is known give that wind back, and an error that grows away from them."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere
from overflight.winds import open_winds
from overflight.winds.balloon_track import winds_of_track
from overflight.winds.measured import Reach
from overflight.winds.sounding import components, winds_of_soundings


def _track(path, lat0=60.0, lon0=179.0, u=20.0, v=-5.0, hours=6.0):
    seconds = np.arange(0.0, hours * 3600.0 + 1.0, 60.0)
    lat = lat0 + np.degrees(v * seconds / 6_371_229.0)
    lon = lon0 + np.degrees(u * seconds / 6_371_229.0 / np.cos(np.radians(lat)))
    altitude = np.minimum(15_000.0, 1000.0 + 3.0 * seconds)
    times = np.datetime64("2023-02-01T00:00:00") + seconds.astype("timedelta64[s]")
    rows = [
        f"{t},{y:.6f},{(x + 180) % 360 - 180:.6f},{z:.1f}" for t, y, x, z in zip(times, lat, lon, altitude, strict=True)
    ]
    path.write_text("\n".join(["time,lat,lng,altitude", *rows]) + "\n")
    return path


def test_a_track_gives_its_wind_back_over_the_antimeridian(tmp_path):
    ds = open_winds(_track(tmp_path / "t.csv"))
    inside = ds.sel(time=slice("2023-02-01T00:30", "2023-02-01T05:30"))
    # Longitudes of equal steps along a moving latitude are off by a percent, so the bound is 0.5 m/s.
    assert float(np.abs(inside["u"] - 20.0).max()) < 0.5
    assert float(np.abs(inside["v"] + 5.0).max()) < 0.1
    assert ds["lon"].values[-1] > 180.0
    assert ds.attrs["reach"].startswith("3 degrees, 1500 m in height")


def test_error_grows_with_distance_time_and_height(tmp_path):
    ds = open_winds(_track(tmp_path / "t.csv"))
    level = float(atmosphere.pressure_pa(15_000.0)) / 100.0
    at = ds["wind_sd"].sel(time="2023-02-01T03:00", level=level, method="nearest")
    assert float(at.max()) > float(at.min()) + 1.0
    middle = ds["wind_sd"].isel(lat=ds.sizes["lat"] // 2).min("lon").sel(level=level, method="nearest")
    assert float(middle[-1]) > float(middle.sel(time="2023-02-01T03:00", method="nearest")) + 0.3
    column = ds["wind_sd"].sel(time="2023-02-01T03:00", method="nearest").min(("lat", "lon"))
    assert float(column.isel(level=-1)) > float(column.sel(level=level, method="nearest"))


def test_out_of_height_reach_is_missing(tmp_path):
    path = _track(tmp_path / "t.csv")
    rows = path.read_text().splitlines()
    kept = [rows[0]] + [r for r in rows[1:] if not 5000 < float(r.rsplit(",", 1)[1]) < 12_000]
    path.write_text("\n".join(kept))
    ds = winds_of_track(path, reach=Reach(height_m=1000.0))
    gap = ds["u"].sel(level=float(atmosphere.pressure_pa(8000.0)) / 100.0, method="nearest")
    assert np.isnan(gap.values).all()
    assert "missing" in ds.attrs


def test_bad_fixes_are_left_out_and_counted(tmp_path):
    path = _track(tmp_path / "t.csv")
    bad = ["2023-02-01 02:00:30,10,10,9000", "nonsense,1,2,3", "2023-02-01 02:00:40,,,", "2023-02-01 02:00:50,95,0,1"]
    path.write_text(path.read_text() + "\n".join(bad))
    ds = winds_of_track(path)
    assert ds.attrs["fixes"] == "361 used of 365"
    assert float(np.abs(ds["u"]).max()) < 25.0


APART = "time,lat,lng,altitude\n" + "".join(f"2023-02-0{day} 00:00:00,1,2,9000\n" for day in range(1, 6))


@pytest.mark.parametrize("text", ["time,lat\n1,2\n", "time,lat,lng,altitude\n2023-02-01 00:00:00,1,2,3\n", APART])
def test_a_track_without_fixes_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InvalidInput, match=r"^t\.csv: "):
        open_winds(tmp_path / "t.csv")


@pytest.mark.parametrize(("direction", "u", "v"), [(0, 0, -10), (90, -10, 0), (180, 0, 10), (270, 10, 0)])
def test_wind_comes_from_its_direction(direction, u, v):
    assert components(float(direction), 10.0) == pytest.approx((u, v), abs=1e-9)


def _igra_text():
    head = "#USM00072518 2023 02 01 12 1105    3 ncdc6301 ncdc6301  426900  -738300"
    rows = []
    for pressure, height, direction, speed in (
        (85000, 1500, 270, 100),
        (50000, 5570, 270, 200),
        (10000, 16200, 180, 300),
        (7000, 18400, -9999, -9999),
    ):
        rows.append(f"10 -9999 {pressure:6d}B{height:5d}B -100B-9999 -9999 {direction:5d} {speed:5d}")
    return "\n".join([head, *rows]) + "\n"


def test_igra(tmp_path):
    (tmp_path / "i.txt").write_text(_igra_text())
    ds = open_winds(tmp_path / "i.txt")
    one = ds.sel(lat=42.69, lon=-73.83, method="nearest").sel(time="2023-02-01T12:00", method="nearest")
    assert ds.attrs["measurements"] == 3
    assert float(one["u"].sel(level=500.0, method="nearest")) == pytest.approx(20.0, abs=0.1)
    assert float(one["v"].sel(level=100.0, method="nearest")) == pytest.approx(30.0, abs=0.1)
    (tmp_path / "bad.txt").write_text("#USM00072518 20x3 02 01 12 1105\n")
    with pytest.raises(InvalidInput, match=r"bad\.txt:1: sounding"):
        winds_of_soundings(tmp_path / "bad.txt")


def _igra_days(days, month=1):
    head, *levels = _igra_text().splitlines()
    return "\n".join("\n".join([head.replace("2023 02 01", f"2023 {month:02d} {day:02d}"), *levels]) for day in days)


def test_months_of_soundings_are_taken_by_the_time_asked_for(tmp_path):
    text = "\n".join(_igra_days(range(1, 29), month) for month in range(1, 13))
    with zipfile.ZipFile(tmp_path / "USM00072518-data.txt.zip", "w") as archive:
        archive.writestr("USM00072518-data.txt", text)
    path = tmp_path / "USM00072518-data.txt.zip"
    with pytest.raises(InvalidInput, match=r"soundings: got 2023-01-01T11:05:00Z to 2023-12-28T11:05:00Z, expected up"):
        open_winds(path)
    day = (datetime(2023, 6, 10, tzinfo=UTC), datetime(2023, 6, 11, tzinfo=UTC))
    ds = open_winds(path, near=day)
    assert ds.attrs["measurements"] == 3 * 5  # 8 to 12 June at 11:05
    assert ds["time"].values[0] < np.datetime64("2023-06-09")
    assert ds["time"].values[-1] > np.datetime64("2023-06-12")
    assert open_winds(path, start=day[0], end=day[1])["time"].size < ds["time"].size
    late = (datetime(2024, 6, 10, tzinfo=UTC), datetime(2024, 6, 11, tzinfo=UTC))
    with pytest.raises(OutOfCoverage, match=r"asked for 2024-06-10T00:00:00Z to .*, have 2023-01-01T11:05:00Z to"):
        open_winds(path, near=late)


def test_a_short_file_is_taken_whole_whatever_the_time(tmp_path):
    (tmp_path / "i.txt").write_text(_igra_days(range(1, 29)))
    near = (datetime(2023, 1, 3, tzinfo=UTC),) * 2
    assert open_winds(tmp_path / "i.txt", near=near).attrs["measurements"] == 28 * 3


def test_archives(tmp_path):
    (tmp_path / "i.txt.gz").write_bytes(gzip.compress(_igra_text().encode()))
    assert open_winds(tmp_path / "i.txt.gz").attrs["measurements"] == 3
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a", _igra_text())
        archive.writestr("b", _igra_text())
    (tmp_path / "cut.zip").write_bytes((tmp_path / "two.zip").read_bytes()[:100])
    (tmp_path / "cut.gz").write_bytes((tmp_path / "i.txt.gz").read_bytes()[:60])
    for name in ("two.zip", "cut.zip", "cut.gz"):
        with pytest.raises(InvalidInput, match=rf"{name}: sounding: got an archive that cannot be read"):
            open_winds(tmp_path / name)


def test_sondes_of_places_far_apart_are_refused(tmp_path):
    here, there = _igra_text(), _igra_text().replace(" 426900  -738300", " 526900  -738300")
    (tmp_path / "two.txt").write_text(here + there)
    with pytest.raises(InvalidInput, match=r"two\.txt: soundings: got sondes 111\d km apart, expected up to 600 km"):
        open_winds(tmp_path / "two.txt")


def test_a_track_around_the_world_is_refused_not_laid_out(tmp_path):
    fixes = np.arange(0, 60 * 96)
    rows = [
        f"{np.datetime64('2023-01-01T00:00') + 15 * n},{20 * np.sin(n / 400):.3f},{(n * 0.15 + 180) % 360 - 180:.3f},12000"
        for n in fixes
    ]
    (tmp_path / "t.csv").write_text("\n".join(["time,lat,lon,alt", *rows]))
    with pytest.raises(InvalidInput, match=r"t\.csv: measured winds: got .*; cut the file"):
        open_winds(tmp_path / "t.csv")


def test_sondehub(tmp_path):
    start = np.datetime64("2023-02-01T11:05:00")
    frames = [
        {
            "datetime": f"{start + np.timedelta64(10 * i, 's')}.000000Z",
            "lat": 47.0,
            "lon": 8.0 + i / 1e4,
            "alt": 500.0 + 50.0 * i,
            "heading": 90.0,
            "vel_h": 12.0,
        }
        for i in range(200)
    ] + [{"datetime": "2023-02-01T11:06:00Z", "lat": 0}]
    for name, content in {"list.json": frames, "map.json": {"T123": {f["datetime"]: f for f in frames}}}.items():
        (tmp_path / name).write_text(json.dumps(content))
        ds = open_winds(tmp_path / name)
        assert float(np.nanmin(ds["u"])) == pytest.approx(12.0, abs=0.01)
        assert float(np.nanmax(np.abs(ds["v"]))) < 0.01


def test_reach_refuses_nonsense():
    with pytest.raises(InvalidInput, match="box_deg"):
        Reach(box_deg=-1.0)
    with pytest.raises(InvalidInput, match="depth_m"):
        Reach(depth_m=float("nan"))
