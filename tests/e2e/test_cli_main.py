"""The real command on real files."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from overflight.case.demo import shipped
from overflight.cli.main import main


def command(*arguments, cwd, **environment):
    full = (
        os.environ
        | {"OVERFLIGHT_WINDS_STORE": str(cwd / "store"), "XDG_CONFIG_HOME": str(cwd / "config")}
        | environment
    )
    run = [sys.executable, "-m", "overflight", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, cwd=cwd, env=full, check=False)


@pytest.fixture(scope="module")
def incident(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done = command("demo", "--case", "incident", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_demo_finds_the_withheld_track(incident):
    folder, found = incident
    names = {p.name for p in (folder / "incident").iterdir()}
    assert {"report.html", "map.png", "case", "track.nc", "track.geojson", "track.csv", "ledger.csv", "hindcast.nc",
            "forecast.nc", "origin.geojson", "sightings.csv"} <= names  # fmt: skip
    assert found["ledger"]["crossings"][0]["id"] == "USA"
    assert found["drift_test"]["verdict"].startswith("consistent with drift")
    median_km = float(found["sentences"][-1].split(" lies ")[1].split(" km")[0])
    assert median_km < 10.0


def test_the_report_stands_alone(incident):
    page = (incident[0] / "incident" / "report.html").read_text()
    assert page.count("<svg ") == 6
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in page


def test_the_same_seed_gives_the_same_findings(incident):
    folder, found = incident
    again = json.loads(command("demo", "--case", "again", "--json", cwd=folder).stdout)
    assert again["sentences"] == found["sentences"]


def test_a_changed_case_is_found(incident, tmp_path):
    assert command("case", "verify", "incident", cwd=incident[0]).returncode == 0
    shutil.copytree(incident[0] / "incident" / "case", tmp_path / "changed")
    log = tmp_path / "changed" / "log.jsonl"
    log.write_text(log.read_text().replace("overflight demo", "overflight dem0", 1))
    done = command("case", "verify", "changed", cwd=tmp_path)
    assert done.returncode == 1
    assert "record" in done.stderr


def test_airspace_reads_what_was_written(incident, tmp_path):
    done = command("airspace", incident[0] / "incident" / "track.nc", "-o", "ledger.parquet", cwd=tmp_path)
    assert done.returncode == 0
    assert "United States of America" in done.stdout
    assert (tmp_path / "ledger.parquet").exists()


def test_forecast_writes_every_format(shared_data, tmp_path):
    winds = shared_data / "winds" / "era5_20221111T00-02_urals_kazakhstan.nc"
    where = ("--winds", winds, "--time", "2022-11-11T00:00:00Z", "--lat", 55, "--lon", 55, "--pressure", 150)
    for name in ("f.nc", "f.geojson", "f.kml", "f.csv", "f.parquet", "f.png", "f.zarr"):
        done = command("forecast", *where, "--hours", 2, "--members", 20, "--seed", 1, "-o", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).exists()
    back = command(
        "hindcast", *where[:3], "2022-11-11T02:00:00Z", *where[4:], "--hours", 1, "--seed", 1, "--json", cwd=tmp_path
    )
    assert json.loads(back.stdout)["direction"] == "backward"


def test_configuration_by_file_and_environment(shared_data, tmp_path):
    winds = shared_data / "winds" / "era5_20221111T00-02_urals_kazakhstan.nc"
    (tmp_path / "overflight.toml").write_text("[forecast]\nmembers = 7\nhours = 1.0\nseed = 3\n")
    where = ("--winds", winds, "--time", "2022-11-11T00:00:00Z", "--lat", 55, "--lon", 55, "--pressure", 150, "--json")
    assert json.loads(command("forecast", *where, cwd=tmp_path).stdout)["members"] == 7
    (tmp_path / "overflight.toml").unlink()
    done = command("forecast", *where, "--hours", 1, cwd=tmp_path, OVERFLIGHT_FORECAST_MEMBERS="5")
    assert json.loads(done.stdout)["members"] == 5


def test_help_imports_nothing_heavy(tmp_path):
    script = (
        "import sys\nfrom overflight.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numba', 'xarray', 'numpy', 'scipy', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip().endswith("[]")


def test_hostile_notes_are_shown_as_text(tmp_path):
    folder = tmp_path
    with shipped("shab14v_2022-08-22_aprs.csv") as winds:
        rows = ["time,lat,lon,altitude_m,position_sd_km,note"]
        rows += [
            f"2022-08-22T{h}:00:00Z,{34.5 + (h - 17) / 20},-106.7,17000,20,<script>alert({h})</script>"
            for h in (17, 19, 21)
        ]
        (folder / "s.csv").write_text("\n".join(rows))
        done = command("investigate", "s.csv", "--winds", winds, "--seed", 1, "--members", 60, "--hours-back", 1,
                       "--hours-ahead", 1, "--case", "out", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (folder / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(17)" in page


GOOD = "time,lat,lon\n2022-11-11T00:10:00Z,55,55\n2022-11-11T01:10:00Z,55.2,56\n"
FLOAT = ["forecast", "--winds", "WINDS", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55"]
LAUNCH = ["launch", "--winds", "WINDS", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55"]
BAD = {
    "no verb of that name": (["frobnicate"], 2, "Unknown command"),
    "winds missing": (["forecast"], 2, "--winds"),
    "no file of winds": ([*FLOAT[:2], "none.nc", *FLOAT[3:], "--pressure", "150"], 2, "none.nc"),
    "winds that are text": ([*FLOAT[:2], "text.nc", *FLOAT[3:], "--pressure", "150"], 2, "text.nc"),
    "winds that are empty": ([*FLOAT[:2], "empty.grib2", *FLOAT[3:], "--pressure", "150"], 2, "empty.grib2"),
    "winds cut short": ([*FLOAT[:2], "short.nc", *FLOAT[3:], "--pressure", "150"], 2, "short.nc"),
    "naive time": ([*FLOAT[:4], "2022-11-11T00:00:00", *FLOAT[5:], "--pressure", "150"], 2, "offset"),
    "time in words": ([*FLOAT[:4], "noon", *FLOAT[5:], "--pressure", "150"], 2, "ISO 8601"),
    "time outside the winds": ([*FLOAT[:4], "2021-11-11T00:00:00Z", *FLOAT[5:], "--pressure", "150"], 3, "2022-11-11T00:00:00Z to"),
    "lat a word": ([*FLOAT[:6], "north", *FLOAT[7:], "--pressure", "150"], 2, "north"),
    "lat too far": ([*FLOAT[:6], "95", *FLOAT[7:], "--pressure", "150"], 2, "swapped"),
    "lon too far": ([*FLOAT[:8], "999", "--pressure", "150"], 2, "lon"),
    "no level": (FLOAT, 2, "exactly one"),
    "two levels": ([*FLOAT, "--pressure", "150", "--altitude", "9000"], 2, "exactly one"),
    "pressure below 0": ([*FLOAT, "--pressure", "-5"], 2, "pressure"),
    "density 0": ([*FLOAT, "--density", "0"], 2, "density"),
    "altitude in space": ([*FLOAT, "--altitude", "500000"], 2, "60000 m"),
    "hours 0": ([*FLOAT, "--pressure", "150", "--hours", "0"], 2, "--hours"),
    "members 0": ([*FLOAT, "--pressure", "150", "--hours", "1", "--members", "0"], 2, "members"),
    "seed below 0": ([*FLOAT, "--pressure", "150", "--hours", "1", "--seed", "-1"], 2, "--seed"),
    "step 0": ([*FLOAT, "--pressure", "150", "--hours", "1", "--step", "0"], 2, "step_s"),
    "output 0": ([*FLOAT, "--pressure", "150", "--hours", "1", "--every", "0"], 2, "output_s"),
    "method": ([*FLOAT, "--pressure", "150", "--method", "euler"], 2, "method"),
    "memory unit": ([*FLOAT, "--pressure", "150", "--memory", "2 cups"], 2, "--memory"),
    "memory too small": ([*FLOAT, "--pressure", "150", "--memory", "10"], 2, "memory"),
    "suffix": ([*FLOAT, "--pressure", "150", "--hours", "1", "--members", "2", "-o", "f.docx"], 2, ".geojson"),
    "no folder to write in": ([*FLOAT, "--pressure", "150", "--hours", "1", "--members", "2", "-o", "no/f.nc"], 2, "can be written"),
    "no scheduler": ([*FLOAT, "--pressure", "150", "--hours", "1", "--scheduler", "gopher://x"], 3, "scheduler"),
    "launch without burst": (LAUNCH, 2, "burst_altitude"),
    "burst below launch": ([*LAUNCH, "--altitude", "5000", "--burst-altitude", "4000", "--descent-rate", "5"], 2, "altitude"),
    "launch below the winds": ([*LAUNCH, "--burst-altitude", "9000", "--descent-rate", "5"], 3, "winds"),
    "ascent rate 0": ([*LAUNCH, "--ascent-rate", "0", "--burst-altitude", "9000", "--descent-rate", "5"], 2, "ascent_rate"),
    "float without end": ([*LAUNCH, "--profile", "float_profile", "--float-altitude", "9000"], 2, "stop_datetime"),
    "no sightings": (["investigate", "none.csv", "--winds", "WINDS"], 2, "none.csv"),
    "sightings are a folder": (["investigate", ".", "--winds", "WINDS"], 2, "folder"),
    "sightings empty": (["investigate", "empty.grib2", "--winds", "WINDS"], 2, "empty"),
    "sightings elsewhere": (["investigate", "far.csv", "--winds", "WINDS", "--case", "o1"], 3, "winds"),
    "sightings at another time": (["investigate", "late.csv", "--winds", "WINDS", "--case", "o2"], 3, "winds"),
    "members 1": (["investigate", "good.csv", "--winds", "WINDS", "--members", "1", "--case", "o3"], 2, "members"),
    "hours back below 0": (["investigate", "good.csv", "--winds", "WINDS", "--hours-back", "-1", "--case", "o4"], 2, "hours"),
    "no such object": (["investigate", "good.csv", "--winds", "WINDS", "--object", "B"], 2, "'B'"),
    "no file of tracks": (["airspace", "none.nc"], 2, "none.nc"),
    "tracks that are none": (["airspace", "text.nc"], 2, "text.nc"),
    "tracks that are winds": (["airspace", "WINDS"], 2, "trajector"),
    "no case": (["case", "verify", "."], 2, "log.jsonl"),
    "unknown demo": (["demo", "roswell"], 2, "roswell"),
    "fetch without times": (["winds", "fetch", "gfs"], 2, "--start"),
    "fetch from nowhere": (["winds", "fetch", "ifs", "--start", "2023-01-01T00Z", "--end", "2023-01-02T00Z"], 2, "ifs"),
    "fetch naive": (["winds", "fetch", "gfs", "--start", "2023-01-01", "--end", "2023-01-02"], 2, "--start"),
    "fetch backward": (["winds", "fetch", "gfs", "--start", "2023-01-03T00Z", "--end", "2023-01-02T00Z"], 2, "end"),
    "area of three": (["winds", "fetch", "gfs", "--start", "2023-01-01T00Z", "--end", "2023-01-02T00Z", "--area", "1,2,3"], 2, "--area"),
    "area upside down": (["winds", "fetch", "gfs", "--start", "2023-01-01T00Z", "--end", "2023-01-02T00Z", "--area", "50,0,40,9"], 2, "--area"),
    "levels in words": (["winds", "fetch", "gfs", "--start", "2023-01-01T00Z", "--end", "2023-01-02T00Z", "--levels", "low"], 2, "--levels"),
    "resolution": (["winds", "fetch", "gfs", "--start", "2023-01-01T00Z", "--end", "2023-01-02T00Z", "--resolution", "7"], 2, "resolution"),
    "server that is none": (["winds", "fetch", "gfs", "--start", "2023-01-01T00Z", "--end", "2023-01-01T03Z", "--url", "http://127.0.0.1:9"], 3, "127.0.0.1:9"),
    "stored winds that are not": (["winds", "info", "gfs"], 3, "overflight winds fetch"),
    "broken configuration": (["winds", "list"], 2, "overflight.toml"),
}  # fmt: skip


@pytest.fixture
def workplace(shared_data, tmp_path, monkeypatch):
    winds = shared_data / "winds" / "era5_20221111T00-02_urals_kazakhstan.nc"
    (tmp_path / "text.nc").write_text("these are not winds")
    (tmp_path / "empty.grib2").touch()
    (tmp_path / "short.nc").write_bytes(winds.read_bytes()[:20_000])
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "far.csv").write_text(GOOD.replace(",55,55", ",-55,55").replace(",55.2,56", ",-55,56"))
    (tmp_path / "late.csv").write_text(GOOD.replace("2022", "2023"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return winds


@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_one_clear_line(workplace, tmp_path, capsys, name):
    arguments, code, message = BAD[name]
    if name == "broken configuration":
        (tmp_path / "overflight.toml").write_text("[forecast\nmembers = ")
    before = {p.name for p in tmp_path.iterdir()}
    assert main([str(workplace) if a == "WINDS" else a for a in arguments]) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("overflight: ")]
    assert len(lines) == 1, err
    assert message in lines[0]
    assert "Traceback" not in err
    assert "unexpected" not in lines[0]
    assert out == ""
    assert {p.name for p in tmp_path.iterdir()} - before <= {"store"}


def test_a_full_disk_has_one_clear_line(workplace, tmp_path):
    limited = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from overflight.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    )
    where = [*FLOAT[:2], str(workplace), *FLOAT[3:], "--pressure", "150", "--hours", "2", "-o", "f.csv", "--seed", "1"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", limited, *where],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "f.csv" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*f.csv"))
