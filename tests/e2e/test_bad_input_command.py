"""Bad options, values, settings and places to write: one clear line each, its exit code, and nothing left behind."""

from __future__ import annotations

import pytest
from cli_calls import refused, synthetic

from overflight.cli.main import GROUPS
from overflight.cli.main import VERBS as KNOWN_VERBS

KNOWN = ", ".join({**KNOWN_VERBS, **GROUPS})
YEARS = "expected a time between the years 1678 and 2261"
ISO = "expected an ISO 8601 time with offset"
OFFSET = "write the offset, as in 2023-02-01T21:21:00Z or 2023-02-01T16:21:00-05:00"
SUFFIXES = ".nc, .zarr, .geojson, .kml, .csv, .parquet, .png"
EXTENT = "2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, 50 to 60 north, 50 to 60 east, 300 to 100 hPa"
WHERE = {"--winds": "winds.nc", "--time": "2022-11-11T00:00:00Z", "--lat": "55", "--lon": "55"}
FETCH = {"--start": "2023-01-28T00Z", "--end": "2023-01-28T03Z"}
BURST = {"--burst-altitude": "12000", "--descent-rate": "5"}


def options(base, **more):
    """Return a verb's options with some of them changed; None leaves one out."""
    chosen = base | {f"--{name.replace('_', '-')}": value for name, value in more.items()}
    return [part for name, value in chosen.items() if value is not None for part in (name, str(value))]


def forecast(**more):
    return ["forecast", *options(WHERE | {"--pressure": "150", "--hours": "1", "--members": "3"}, **more)]


def hindcast(**more):
    return ["hindcast", *forecast(**more)[1:]]


def launch(**more):
    return ["launch", *options(WHERE | BURST, **more)]


def fetch(source="gfs", **more):
    return ["winds", "fetch", source, *options(FETCH, **more)]


VERBS = {
    "no such verb": (["frobnicate"], f"verb: got 'frobnicate', expected one of {KNOWN}"),
    "a verb misspelt": (["forecats"], f"verb: got 'forecats', expected one of {KNOWN}; did you mean forecast?"),
    "no such verb of a group": (["winds", "fetsh"], "winds: verb: got 'fetsh', expected one of fetch, list, info; did you mean fetch?"),
    "an option misspelt": (forecast(membrs=3), "forecast: --membrs: got an unknown option, expected an option of forecast; did you mean --members?"),
    "an option of no verb after others": (["demo", "--members", "100"], "demo: --members: got an unknown option, expected an option of demo; overflight demo --help"),
    "an option of no verb with its value": (["demo", "--members=100"], "demo: --members: got an unknown option, expected an option of demo; overflight demo --help"),
    "an option of no verb": (["case", "verify", ".", "--fix"], "case verify: --fix: got an unknown option, expected an option of case verify; did you mean --in?"),
    "an option without value": (["forecast", "--winds"], "forecast: --winds: got nothing, expected a value; overflight forecast --help"),
    "an option left out": (forecast(time=None), "forecast: --time: got nothing, expected a value; overflight forecast --help"),
    "an option twice": ([*forecast(), "--lat", "3"], "forecast: --lat: got it twice, expected it once"),
    "an argument too many": (["case", "verify", "a", "b"], "case verify: argument: got 'b', expected no more of them; overflight case verify --help"),
    "an argument left out": (["airspace"], "airspace: TRACKS: got nothing, expected a value; overflight airspace --help"),
    "no such demo": (["demo", "roswell"], "demo: WHICH: got 'roswell', expected one of shab12v, february-2023"),
    "winds for the demo that has its own": (["demo", "--winds", "winds.nc"], "--winds: got winds.nc, expected none: shab12v flies in the wind of its sister balloon"),
    "completion of no shell": (["--show-completion", "tcsh"], "--show-completion: SHELL: got 'tcsh', expected one of bash, zsh, fish"),
    "older than, without prune": (["winds", "list", "--older-than", "3"], "--older-than: got 3 alone, expected --prune beside it"),
    "prune of what is no source": (["winds", "list", "--prune", "--source", "../x"], "winds list: --source: got '../x', expected one of gfs, gefs, era5, ecmwf"),
}  # fmt: skip
VALUES = {
    "lat a word": (forecast(lat="north"), "forecast: --lat: got 'north', expected a number"),
    "lat too far": (forecast(lat=95), "forecast: --lat: got 95, expected -90 to 90 degrees; are lat and lon swapped?"),
    "lat not a number": (forecast(lat="nan"), "forecast: --lat: got nan, expected -90 to 90 degrees; are lat and lon swapped?"),
    "lat with a decimal comma": (forecast(lat="55,5"), "forecast: --lat: got '55,5', expected a number"),
    "lon too far": (forecast(lon=999), "forecast: --lon: got 999, expected -180 to 360 degrees"),
    "lon infinite": (forecast(lon="inf"), "forecast: --lon: got inf, expected -180 to 360 degrees"),
    "time in words": (forecast(time="noon"), f"--time: got 'noon', {ISO}; {OFFSET}"),
    "time without offset": (forecast(time="2022-11-11T00:00:00"), f"--time: got '2022-11-11T00:00:00', expected a time with its UTC offset; {OFFSET}"),
    "time of a local form": (forecast(time="11/11/2022 12:00 AM"), f"--time: got '11/11/2022 12:00 AM', {ISO}; {OFFSET}"),
    "time of hour 24": (forecast(time="2022-11-10T24:00:00Z"), f"--time: got '2022-11-10T24:00:00Z', {ISO}; write midnight at the end of a day as 00:00 of the next"),
    "time of a leap second": (forecast(time="2016-12-31T23:59:60Z"), f"--time: got '2016-12-31T23:59:60Z', {ISO}; write a leap second as the second 59"),
    "time zone too wide": (forecast(time="2022-11-11T00:00:00+25:00"), f"--time: got '2022-11-11T00:00:00+25:00', {ISO}; {OFFSET}"),
    "year 0": (forecast(time="0000-11-11T00:00:00Z"), f"--time: got '0000-11-11T00:00:00Z', {ISO}; {OFFSET}"),
    "year 1": (forecast(time="0001-01-01T00:00:00Z"), "--time: got '0001-01-01T00:00:00+00:00', expected a time between the years 1678 and 2261"),
    "year 9999": (forecast(time="9999-12-31T23:59:59Z"), f"--time: got '9999-12-31T23:59:59+00:00', {YEARS}"),
    "year 9999 and an offset beyond it": (forecast(time="9999-12-31T23:59:59-10:00"), f"--time: got '9999-12-31T23:59:59-10:00', expected a time between years 1 and 9999; {OFFSET}"),
    "back from year 9999": (hindcast(time="9999-12-31T23:59:59Z"), f"--time: got '9999-12-31T23:59:59+00:00', {YEARS}"),
    "back from year 1": (hindcast(time="0001-01-01T00:00:00Z"), f"--time: got '0001-01-01T00:00:00+00:00', {YEARS}"),
    "back from what 64 bits can just count": (hindcast(time="1678-01-01T00:00:00Z"), f"end: got '1677-12-31T23:00:00+00:00', {YEARS}"),
    "an end that 64 bits cannot count": (forecast(time="2261-12-31T00:00:00Z", hours=10000), "end: got '2263-02-20T16:00:00+00:00', expected a time between the years 1678 and 2261"),
    "no level": (forecast(pressure=None), "level: got 0 of --pressure, --altitude and --density, expected exactly one of them"),
    "two levels": (forecast(altitude=9000), "level: got 2 of --pressure, --altitude and --density, expected exactly one of them"),
    "pressure below 0": (forecast(pressure=-5), "forecast: --pressure: got -5, expected 0.2 to 1,100 hPa"),
    "pressure in pascals": (forecast(pressure=15000), "forecast: --pressure: got 15000, expected 0.2 to 1,100 hPa"),
    "density 0": (forecast(pressure=None, density=0), "forecast: --density: got 0, expected 0.0001 to 2 kg/m3"),
    "altitude in space": (forecast(pressure=None, altitude=500000), "forecast: --altitude: got 500000, expected -500 to 60,000 m"),
    "hours 0": (forecast(hours=0), "forecast: --hours: got 0, expected 0.01 to 10,000 h"),
    "members 0": (forecast(members=0), "forecast: --members: got 0, expected 1 to 10,000,000"),
    "members and a half": (forecast(members=7.5), "forecast: --members: got '7.5', expected a whole number"),
    "seed below 0": (forecast(seed=-1), "forecast: --seed: got -1, expected 0 to 9,223,372,036,854,775,807"),
    "step 0": (forecast(step=0), "forecast: --step: got 0, expected 1 to 86,400 s"),
    "output 0": (forecast(every=0), "forecast: --every: got 0, expected 0.1 to 100,000 min"),
    "method": (forecast(method="euler"), "forecast: --method: got 'euler', expected one of rk4, rk2, adaptive"),
    "memory of another unit": (forecast(memory="2 cups"), "--memory: got '2 cups', expected a size as 2GiB or 500MB"),
    "memory too small": (forecast(memory="10"), "--memory: got '10', expected at least 1MiB"),
    "more than memory may hold": (forecast(members=1000000, hours=240, output="f.nc"), "memory: got trajectories of 5.61 GiB, expected at most 2 GiB; take fewer --members or --hours, a longer --every, more --memory, or write .zarr, which goes part by part"),
    "more than memory may hold of a few": (forecast(members=1000000, hours=10000, every=0.1, memory="2MiB"), "memory: got trajectories of 2.24 GiB, expected at most 0.00195 GiB; take fewer --members or --hours, a longer --every, more --memory, or write .zarr, which goes part by part"),
    "a position error below 0": (forecast(position_sd_km=-1), "forecast: --position-sd-km: got -1, expected 0 to 20,000 km"),
}  # fmt: skip
LAUNCHES = {
    "no burst": (launch(burst_altitude=None), "--burst-altitude: got nothing, expected a number from 0 to 60000"),
    "burst below launch": (launch(altitude=15000), "burst altitude: got 12000 m, expected more than the launch altitude of 15000 m"),
    "burst in space": (launch(burst_altitude=90000), "--burst-altitude: got '90000', expected a number from 0 to 60000 m, or with its standard deviation as 5+-0.5"),
    "ascent rate 0": (launch(ascent_rate=0), "--ascent-rate: got '0', expected a number from 0.01 to 100 m/s, or with its standard deviation as 5+-0.5"),
    "ascent rate in words": (launch(ascent_rate="slow"), "--ascent-rate: got 'slow', expected a number from 0.01 to 100 m/s, or with its standard deviation as 5+-0.5"),
    "descent rate too fast": (launch(descent_rate=500), "--descent-rate: got '500', expected a number from 0.01 to 100 m/s, or with its standard deviation as 5+-0.5"),
    "a spread without width": (launch(ascent_rate="5+-"), "--ascent-rate: got '5+-', expected a number from 0.01 to 100 m/s, or with its standard deviation as 5+-0.5"),
    "a spread below 0": (launch(ascent_rate="5+--1"), "--ascent-rate: got '5+--1', expected a number from 0.01 to 100 m/s, or with its standard deviation as 5+-0.5"),
    "a spread of one member": (launch(descent_rate="5+-1"), "--members: got 1, expected 2 or more, as --descent-rate has a standard deviation"),
    "a float without end": (launch(profile="float_profile", float_altitude=11000), f"--stop-datetime: got '', {ISO}; {OFFSET}"),
    "a float that ends before it starts": (launch(profile="float_profile", float_altitude=11000, stop_datetime="2022-11-10T00:00:00Z"), "--stop-datetime: got 2022-11-10T00:00:00Z, expected a time after launch, 2022-11-11T00:00:00Z"),
    "a float below launch": (launch(profile="float_profile", float_altitude=11000, stop_datetime="2022-11-11T01:00:00Z", altitude=11000), "float altitude: got 11000 m, expected more than the launch altitude of 11000 m"),
    "a launch in year 9999": (launch(time="9999-12-31T23:59:59Z"), f"--time: got '9999-12-31T23:59:59+00:00', {YEARS}"),
    "a launch in year 1": (launch(time="0001-01-01T00:00:00Z", members=3), f"--time: got '0001-01-01T00:00:00+00:00', {YEARS}"),
    "a launch into the year 2262": (launch(time="2261-12-31T23:30:00Z"), f"time: got '2262-01-01T01:30:00+00:00', {YEARS}"),
    "a float until year 9999": (launch(profile="float_profile", float_altitude=11000, stop_datetime="9999-12-31T23:00:00Z"), f"--stop-datetime: got '9999-12-31T23:00:00+00:00', {YEARS}"),
    "a profile of another name": (launch(profile="reverse_profile"), "launch: --profile: got 'reverse_profile', expected one of standard_profile, float_profile"),
}  # fmt: skip
FETCHES = {
    "fetch from nowhere": (fetch("ifs"), "winds fetch: SOURCE: got 'ifs', expected one of gfs, gefs, era5, ecmwf"),
    "fetch without start": (fetch(start=None), "winds fetch: --start: got nothing, expected a value; overflight winds fetch --help"),
    "fetch naive": (fetch(start="2023-01-28"), f"--start: got '2023-01-28', expected a time with its UTC offset; {OFFSET}"),
    "fetch backward": (fetch(end="2023-01-27T00Z"), "end: got 2023-01-27T00:00:00Z, expected a time not before the start, 2023-01-28T00:00:00Z"),
    "fetch of ten years": (fetch(end="2033-01-28T00Z"), "end: got 2033-01-28T00:00:00Z, expected no more than 20000 fields; ask for a shorter time"),
    "fetch of year 9999": (fetch(start="9999-12-31T23Z", end="9999-12-31T23:30Z"), "time: got '9999-12-31T23:00:00+00:00', expected a time between the years 1678 and 2261"),
    "area of three": (fetch(area="1,2,3"), "--area: got 3 numbers, expected 4 numbers parted by commas"),
    "area upside down": (fetch(area="50,0,40,9"), "--area: got '50,0,40,9', expected south,west,north,east in degrees, south below north"),
    "area with a hole": (fetch(area="nan,0,40,9"), "--area: got 'nan,0,40,9', expected south,west,north,east in degrees, south below north"),
    "levels in words": (fetch(levels="low"), "--levels: got 'low', expected numbers parted by commas"),
    "levels out of the air": (fetch(levels="0,-500,2000"), "levels: got 0.0, -500.0, 2000.0, expected pressures in hPa, 0 to 1100"),
    "resolution": (fetch(resolution="7"), "resolution: got '7', expected one of 0p25, 0p50, 1p00 for gfs"),
    "step of five hours": (fetch(step=5), "winds fetch: --step: got '5', expected one of 1, 2, 3, 6, 12"),
    "no workers": (fetch(workers=0), "winds fetch: --workers: got 0, expected 1 to 64"),
    "a template of other names": (fetch(url="http://127.0.0.1:9/{FOO}"), "gfs url: got 'http://127.0.0.1:9/{FOO}', expected a URL with {YYYYMMDD}, {HH}, {FFF}, {RES} or none of them"),
}  # fmt: skip
PLACES = {
    "no such suffix": (forecast(output="f.docx"), f"output: got 'f.docx', expected a name that ends in {SUFFIXES}"),
    "no suffix": (forecast(output="f"), f"output: got 'f', expected a name that ends in {SUFFIXES}"),
    "nothing but a suffix": (forecast(output=".nc"), f"output: got '.nc', expected a name that ends in {SUFFIXES}"),
    "a ledger of another suffix": (["airspace", "winds.nc", "-o", "l.nc"], "output: got 'l.nc', expected a name that ends in .csv, .parquet, .json, .geojson, .png"),
    "a launch of another suffix": (launch(output="l.gpx"), f"output: got 'l.gpx', expected a name that ends in {SUFFIXES}"),
    "a folder in the place of a file": (forecast(output="folder.nc"), "output: got folder.nc, which is no file, expected another name"),
    "a folder that is no Zarr": (forecast(output="folder.zarr"), "output: got folder.zarr, which is there and no Zarr group, expected another name"),
    "no folder to write in": (forecast(output="no/f.nc"), r"~output: got no/f\.nc \(no folder .*/no\), expected a place that can be written"),
    "a file in the place of a folder": (forecast(output="winds.nc/f.nc"), r"~output: got winds\.nc/f\.nc \(no folder .*/winds\.nc\), expected a place that can be written"),
    "a name too long": (forecast(output="x" * 300 + ".nc"), r"~x+\.nc: got File name too long, expected what can be read and written"),
    "an incident in the place of a file": (["investigate", "good.csv", "--winds", "winds.nc", "--case", "winds.nc"], r"~case: got winds\.nc \(.*/winds\.nc is no folder\), expected a folder that can be written"),
    "an incident where there is one": (["investigate", "good.csv", "--winds", "winds.nc", "--case", "sealed"], "case: got sealed, expected a folder without a case; give another with --case DIR"),
    "a demo where there is an incident": (["demo", "--case", "sealed"], "case: got sealed, expected a folder without a case; give another with --case DIR"),
    "no case": (["case", "verify", "."], "case: got ., expected a folder with case.sqlite"),
    "no folder of a case": (["case", "verify", "nowhere"], "case: got nowhere, expected a folder with case.sqlite"),
    "no tracks": (["airspace", "none.nc"], "tracks: got none.nc (No such file or directory), expected a file of trajectories"),
    "tracks that are text": (["airspace", "good.csv"], r"~tracks: got good\.csv \(\w+\), expected NetCDF or Zarr trajectories"),
    "tracks that are winds": (["airspace", "winds.nc"], "trajectories: got lat (lat), lon (lon), time (time), expected lat, lon and time with dims (trajectory, obs)"),
}  # fmt: skip
MISSING = {
    "a time outside the winds": (forecast(time="2021-11-11T00:00:00Z"), "winds: asked for 2021-11-11T00:00:00Z to 2021-11-11T01:00:00Z, have 2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z"),
    "a place outside the winds": (forecast(lat=10), f"winds: asked for 2022-11-11T00:00:00Z 10.00 55.00, have {EXTENT}"),
    "a level above the winds": (forecast(pressure=10), f"winds: asked for 55.00 north 55.00 east at 10 hPa, 2022-11-11T00:00:00Z (out of levels), have {EXTENT}"),
    "a launch below the winds": (launch(), r"~winds: asked for a whole flight from 2022-11-11T00:00:00Z, have winds to 55\.\d\d, 55\.\d\d at \d+ m \(out of levels\)"),
    "launches below the winds": (launch(members=5), "winds: asked for whole flights from 2022-11-11T00:00:00Z, have winds that none of 5 ends in"),
    "stored winds that are not": (["winds", "info", "gfs"], "stored winds of gfs: asked for any, have nothing; `overflight winds fetch` brings them"),
    "a forecast in stored winds that are not": (forecast(winds="gfs"), "stored winds of gfs: asked for 2022-11-11T00:00:00Z..2022-11-11T01:00:00Z (global), have nothing; fetch the rest: overflight winds fetch gfs --start 2022-11-11T00:00:00Z --end 2022-11-11T01:00:00Z"),
    "no scheduler": (forecast(scheduler="gopher://x"), r"~no Dask scheduler at gopher://x: .*|dask is not installed; .*"),
    "a server that is none": (fetch(url="http://127.0.0.1:9"), r"~cannot reach http://127\.0\.0\.1:9/gfs.*; would fetch 2 files, .*; give a mirror with --url or OVERFLIGHT_GFS_URL, or a file with --winds FILE"),
    "an address that is none": (fetch(url="not a url"), r"~not a url/gfs.*: .* missing .*; would fetch 2 files, .*"),
    "the demo without a network": (["demo", "february-2023"], r"~the winds of February 2023 are not at hand and cannot be fetched; would fetch 41 files, about 12,300 MB, 2023-01-27T00:00:00Z\.\.2023-02-06T00:00:00Z .*; give a mirror by OVERFLIGHT_ERA5_URL or OVERFLIGHT_GFS_URL, or a file by --winds FILE"),
}  # fmt: skip
USAGE = VERBS | VALUES | LAUNCHES | FETCHES | PLACES


@pytest.fixture(scope="module")
def winds(tmp_path_factory):
    path = tmp_path_factory.mktemp("winds") / "winds.nc"
    synthetic().to_netcdf(path, engine="h5netcdf")
    return path.read_bytes()


@pytest.fixture
def workplace(winds, tmp_path, monkeypatch):
    (tmp_path / "winds.nc").write_bytes(winds)
    (tmp_path / "good.csv").write_text("time,lat,lon\n2022-11-11T00:10:00Z,55,55\n2022-11-11T01:10:00Z,55.1,55.6\n")
    for folder in ("folder.nc", "folder.zarr", "sealed/case"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "kept.txt").write_text("somebody's own")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for source in ("ERA5", "GFS"):
        monkeypatch.setenv(f"OVERFLIGHT_{source}_URL", "http://127.0.0.1:9")
    return tmp_path


@pytest.mark.parametrize("name", USAGE)
def test_bad_input_has_one_clear_line(workplace, capsys, name):
    arguments, line = USAGE[name]
    refused(capsys, arguments, 2, line, workplace)


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_has_one_clear_line(workplace, capsys, name):
    arguments, line = MISSING[name]
    refused(capsys, arguments, 3, line, workplace)
