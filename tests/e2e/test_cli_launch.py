"""``overflight launch``: one flight as Tawhiri tells it, and the spread of many, on a synthetic wind from the west."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from cli_calls import refused, synthetic

from overflight.cli.main import main
from overflight.geo import sphere

LAUNCH = [
    "launch",
    "--winds",
    "winds.nc",
    "--time",
    "2022-11-11T00:00:00Z",
    "--lat",
    "55",
    "--lon",
    "55",
    "--seed",
    "1",
]
BURST = ["--ascent-rate", "5", "--burst-altitude", "12000", "--descent-rate", "6"]
SPREAD = ["--ascent-rate", "5+-0.3", "--burst-altitude", "12000±600", "--descent-rate", "6+-0.5", "--members", "300"]
FLOAT = ["--profile", "float_profile", "--stop-datetime", "2022-11-11T01:30:00Z"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    synthetic(level=(1050.0, 500.0, 200.0, 100.0)).to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def answer(capsys, *arguments):
    assert main([*LAUNCH, *arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_one_flight_has_the_shape_of_tawhiri(place, capsys):
    told = answer(capsys, *BURST)
    assert set(told) == {"metadata", "prediction", "request", "warnings"}
    assert [stage["stage"] for stage in told["prediction"]] == ["ascent", "descent"]
    assert set(told["prediction"][0]["trajectory"][0]) == {"latitude", "longitude", "altitude", "datetime"}
    request = told["request"]
    assert (request["burst_altitude"], request["ascent_rate"], request["version"]) == (12000.0, 5.0, 1)


def test_a_wind_error_a_seed_and_a_file_change_nothing_in_one_flight(place, capsys):
    plain = answer(capsys, *BURST)["prediction"]
    assert answer(capsys, *BURST, "--wind-error", "-o", "l.nc")["prediction"] == plain
    with xr.open_dataset("l.nc", engine="h5netcdf") as data:
        last = plain[-1]["trajectory"][-1]
        assert float(data["end_lat"][0]) == pytest.approx(last["latitude"], abs=1e-9)
        assert float(data["end_lon"][0]) == pytest.approx(last["longitude"], abs=1e-9)


def test_members_without_spread_all_fly_the_single_flight(place, capsys):
    (_, descent) = answer(capsys, *BURST)["prediction"]
    told = answer(capsys, *BURST, "--members", "4", "--no-wind-error")
    assert told["burst"]["altitude_m"] == pytest.approx(12000.0, abs=0.01)
    assert told["burst"]["radius_90_km"] < 1e-6
    assert told["landing"]["radius_90_km"] < 1e-6
    assert (told["landing"]["lat"], told["landing"]["lon"]) == pytest.approx(
        (descent["trajectory"][-1]["latitude"], descent["trajectory"][-1]["longitude"]), abs=1e-6
    )
    assert told["landing"]["time"] == descent["trajectory"][-1]["datetime"][:19] + "Z"


def test_the_burst_is_where_a_steady_wind_carries_it(place, capsys):
    """From the ground of h metres at 5 m/s and in 10 m/s from the west, 1 m/s from the south."""
    told = answer(capsys, *BURST, "--altitude", "200", "--members", "2", "--no-wind-error")
    seconds, radius_m = (12000.0 - 200.0) / 5.0, sphere.EARTH_RADIUS_M + 6100.0
    lat = 55.0 + np.degrees(1.0 * seconds / radius_m)
    lon = 55.0 + np.degrees(10.0 * seconds / (radius_m * np.cos(np.radians(0.5 * (55.0 + lat)))))
    # Along a parallel the mean radius of the climb is right to second order: a metre in 24 km.
    assert sphere.distance_m(lat, lon, told["burst"]["lat"], told["burst"]["lon"]) < 5.0
    assert told["burst"]["time"] == "2022-11-11T00:39:20Z"


def test_spreads_spread_the_burst_and_the_landing(place, capsys):
    told = answer(capsys, *SPREAD)
    assert told["members"] == 300
    assert told["status"] == {"landed": 300}
    burst, landing = told["burst"], told["landing"]
    # 300 draws: the median of the burst within 4 standard errors of 12,000 m, 1.25 x 600 / sqrt(300) each
    assert abs(burst["altitude_m"] - 12_000.0) < 4 * 43.0
    assert 0.0 < burst["radius_50_km"] < burst["radius_90_km"]
    assert burst["radius_90_km"] < landing["radius_90_km"]
    assert landing["time_q05"] < landing["time"] < landing["time_q95"]
    assert answer(capsys, *SPREAD) == told
    calm = answer(capsys, *SPREAD, "--no-wind-error")
    assert calm["landing"]["radius_90_km"] < landing["radius_90_km"]


def test_words_for_a_spread(place, capsys):
    assert main([*LAUNCH, *SPREAD, "-o", "l.csv"]) == 0
    out, err = capsys.readouterr()
    bursts, lands, counts, members = out.splitlines()
    assert bursts.startswith("bursts 2022-11-11T00:")
    assert " m; centre 55." in bursts
    assert lands.startswith("lands 2022-11-11T01:")
    assert "half of them within " in lands
    assert (counts, members) == ("300 of 300 members: landed", "300 members, seed 1")
    heights = "heights are those of the standard atmosphere: these winds have neither heights nor temperatures"
    assert err == f"{heights}\nwritten: l.csv\n"


def test_a_float_is_told_where_it_is_reached_and_where_it_ends(place, capsys):
    told = answer(capsys, *FLOAT, "--float-altitude", "10000+-200", "--members", "100")
    assert abs(told["float"]["altitude_m"] - 10_000.0) < 4 * 1.25 * 200.0 / 10.0
    assert told["end"]["members"] == 100
    assert {told["end"][name] for name in ("time", "time_q05", "time_q95")} == {"2022-11-11T01:30:00Z"}
    assert [s["stage"] for s in answer(capsys, *FLOAT, "--float-altitude", "10000")["prediction"]] == [
        "ascent",
        "float",
    ]


def test_options_of_the_launch_are_checked_as_all_others(place, capsys):
    line = "launch: --lat: got 95, expected -90 to 90 degrees; are lat and lon swapped?"
    refused(capsys, [*LAUNCH[:5], "--lat", "95", "--lon", "3", *BURST], 2, line, place)
    line = "memory: got trajectories of 336 GiB, expected at most 2 GiB; take fewer --members"
    refused(capsys, [*LAUNCH, *BURST, "--members", "10000000"], 2, line, place)


def test_an_ensemble_of_winds_carries_many_flights_not_one(place, capsys):
    fields = [synthetic(level=(1050.0, 500.0, 100.0), u=u) for u in (5.0, 15.0)]
    xr.concat(fields, dim=xr.DataArray([0, 1], dims="number", name="number")).to_netcdf("ens.nc", engine="h5netcdf")
    ensemble = [part.replace("winds.nc", "ens.nc") for part in LAUNCH]
    line = "--members: got 1, expected 2 or more: these winds are an ensemble, whose members fly in turn"
    refused(capsys, [*ensemble, *BURST], 2, line, place)
    assert main([*ensemble, *BURST, "--altitude", "200", "--members", "2", "--no-wind-error", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["burst"]["radius_90_km"] == pytest.approx(0.5 * 10.0 * 11_800.0 / 5.0 / 1000.0, rel=0.01)


def test_how_many_reach_their_level_is_told(place, capsys):
    """At 5 m/s and its spread some thirty flights have 29 minutes for 8,500 m."""
    late = [part.replace("01:30", "00:29") for part in FLOAT]
    asked = [*late, "--altitude", "0", "--float-altitude", "8500", "--ascent-rate", "5+-0.5", "--members", "30"]
    told = answer(capsys, *asked)
    assert 0 < told["float"]["members"] < told["end"]["members"] == 30
    assert told["float"]["time_q95"] <= told["end"]["time"]
    assert main([*LAUNCH, *asked]) == 0
    reached, ends, members = capsys.readouterr().out.splitlines()
    assert reached.startswith("reaches its level 2022-11-11T00:")
    assert reached.endswith(f" km; {told['float']['members']} of 30 members")
    assert ends.endswith(" km")
    assert members == "30 members, seed 1"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], ["ascent ends 2022-11-11T00:10:00Z at 55.0054, 55.0941, 3000 m", "it does not reach its level of 8500 m"]),
        (["--members", "3", "--no-wind-error"], ["reaches its level in none of 3 members"]),
    ],
    ids=["one", "three"],
)
def test_a_float_that_ends_on_its_way_up(place, capsys, more, told):
    """In ten minutes 6 km to the east, 0.0941 degrees at this latitude."""
    late = [part.replace("01:30", "00:10") for part in FLOAT]
    assert main([*LAUNCH, *late, "--altitude", "0", "--float-altitude", "8500", *more]) == 0
    assert capsys.readouterr().out.splitlines()[: len(told)] == told


@pytest.mark.parametrize("members", ["1", "3"])
@pytest.mark.parametrize(
    ("asked", "level"),
    [
        (["--burst-altitude", "3000", "--descent-rate", "5"], "burst altitude"),
        (["--burst-altitude", "3000", "--descent-rate", "5", "--altitude", "0"], "burst altitude"),
        (["--float-altitude", "3000", *FLOAT], "float altitude"),
    ],
    ids=["burst", "burst of a launch under the ground", "float"],
)
def test_a_level_below_the_ground_of_tibet_is_refused(place, capsys, asked, level, members):
    tibet = synthetic(level=(1050.0, 200.0), lat=np.arange(25.0, 40.0), lon=np.arange(80.0, 100.0))
    tibet.to_netcdf("tibet.nc", engine="h5netcdf")
    start = ["launch", "--winds", "tibet.nc", *LAUNCH[3:5], "--lat", "33", "--lon", "88"]
    line = f"{level}: got 3000 m, expected more than 5092 m, the ground there"
    refused(capsys, [*start, *asked, "--members", members, "-o", "l.nc"], 2, line, place)


@pytest.mark.parametrize("members", ["1", "3"])
def test_a_single_time_of_winds_is_held_where_asked(place, capsys, members):
    synthetic(level=(1050.0, 500.0, 100.0)).isel(time=[0]).to_netcdf("one.nc", engine="h5netcdf")
    one = [part.replace("winds.nc", "one.nc") for part in LAUNCH]
    line = "winds: asked for 2022-11-11T00:00:00Z to 2022-11-12T00:00:00Z, have only 2022-11-11T00:00:00Z; "
    line += "a single time can be held for the whole run (steady)"
    refused(capsys, [*one, *BURST, "--members", members], 3, line, place)
    many = answer(capsys, *BURST, "--members", members, "--no-wind-error")
    assert main([*one, *BURST, "--members", members, "--no-wind-error", "--steady", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    key = "prediction" if members == "1" else "landing"
    assert held[key] == many[key]


@pytest.mark.parametrize("members", ["1", "3"])
def test_a_flight_not_down_in_a_day_is_one_line(place, capsys, members):
    """At 0.05 m/s a descent takes days."""
    day = np.datetime64("2022-11-11", "ns") + np.arange(0, 27, 3) * np.timedelta64(1, "h")
    synthetic(time=day, level=(1050.0, 500.0, 100.0), u=0.5).to_netcdf("day.nc", engine="h5netcdf")
    asked = [part.replace("winds.nc", "day.nc") for part in LAUNCH]
    line = r"~flight: got \d,\d\d\d m after 24 h, expected the ground within 24 h; a higher rate of ascent or descent"
    refused(
        capsys, [*asked, "--burst-altitude", "12000", "--descent-rate", "0.05", "--members", members], 2, line, place
    )
