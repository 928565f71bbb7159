"""Options from overflight.toml and the environment: their order, and one line for each that is wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cli_calls import refused, synthetic

from overflight.cli.main import main

RUN = ["forecast", "--winds", "winds.nc", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55", "--pressure",
       "150", "--hours", "1"]  # fmt: skip
TABLES = "investigate, demo, track, drift-test, origin, identify, forecast, hindcast, launch, report, exposure, airspace, notify, recover, serve, watch, backup, restore, winds, case, line"


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    synthetic().to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    return tmp_path


def members_of(capsys, *more) -> int:
    assert main([*RUN, "--seed", "1", *more]) == 0
    return int(capsys.readouterr().out.split()[0])


def test_the_command_line_comes_first_then_environment_then_files(workplace, capsys, monkeypatch):
    own = workplace / "config" / "overflight"
    own.mkdir(parents=True)
    assert members_of(capsys) == 200
    (own / "overflight.toml").write_text("[forecast]\nmembers = 3\n")
    assert members_of(capsys) == 3
    Path("overflight.toml").write_text("[forecast]\nmembers = 4\n")
    assert members_of(capsys) == 4
    monkeypatch.setenv("OVERFLIGHT_FORECAST_MEMBERS", "5")
    assert members_of(capsys) == 5
    assert members_of(capsys, "--members", "6") == 6


def test_files_of_both_places_are_read_together(workplace, capsys):
    own = workplace / "config" / "overflight"
    own.mkdir(parents=True)
    (own / "overflight.toml").write_text("[forecast]\nmembers = 3\njson = true\n")
    Path("overflight.toml").write_text("[forecast]\nmembers = 4\n[hindcast]\nhours = 1.0\n")
    assert main([*RUN, "--seed", "1"]) == 0
    assert capsys.readouterr().out.startswith('{"members": 4, ')


def test_every_kind_of_option_can_stand_there(workplace, capsys, monkeypatch):
    Path("overflight.toml").write_text(
        '[forecast]\nwinds = "winds.nc"\ntime = "2022-11-11T00:00:00Z"\nlat = 55\nlon = 55.0\npressure = 150\nhours = 1\n'
        'wind_error = false\nmethod = "rk2"\noutput = "f.csv"\n"position-sd-km" = 1\n'
        "[winds.list]\njson = true\n"
    )
    monkeypatch.setenv("OVERFLIGHT_FORECAST_SEED", "7")
    monkeypatch.setenv("OVERFLIGHT_FORECAST_STEADY", "true")
    assert main(["forecast", "--members", "2"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("(seed 7)")
    assert Path("f.csv").exists()
    assert main(["winds", "list"]) == 0
    assert capsys.readouterr().out == "[]\n"


FILES = {
    "no TOML": ("[forecast\nmembers = ", "overflight.toml: configuration: got Expected ']' at the end of a table declaration (at line 1, column 10), expected TOML, a table a verb"),
    "no UTF-8": (b"[forecast]\n# \xfc\n", "~overflight\\.toml: configuration: got 'utf-8' codec can't decode byte 0xfc .*, expected TOML, a table a verb"),
    "a verb that is none": ("[forcast]\nmembers = 3\n", f"overflight.toml: forcast: got an unknown name, expected a table of {TABLES}"),
    "an option outside of tables": ("members = 3\n", f"overflight.toml: members: got an unknown name, expected a table of {TABLES}"),
    "a verb that is no table": ("forecast = 3\n", "overflight.toml: forecast: got 3, expected a table, [forecast]"),
    "a verb of a group that is none": ("[winds.fetsh]\nstep = 3\n", "overflight.toml: winds: fetsh: got an unknown name, expected a table of fetch, list, info"),
    "an option of a group": ("[winds]\nstep = 3\n", "overflight.toml: winds: step: got an unknown name, expected a table of fetch, list, info"),
    "an option that is none": ("[forecast]\nmembrs = 3\n", "overflight.toml: [forecast]: membrs: got an unknown option, expected an option of forecast; did you mean --members?"),
    "a word for a whole number": ('[forecast]\nmembers = "many"\n', "overflight.toml: [forecast]: members: got 'many', expected a whole number"),
    "half a member": ("[forecast]\nmembers = 7.5\n", "overflight.toml: [forecast]: members: got '7.5', expected a whole number"),
    "true for a whole number": ("[forecast]\nmembers = true\n", "overflight.toml: [forecast]: members: got 'True', expected a whole number"),
    "a list for a number": ("[forecast]\nstep = [1, 2]\n", "overflight.toml: [forecast]: step: got '[1, 2]', expected a number"),
    "a table for a number": ("[forecast.members]\na = 1\n", "overflight.toml: [forecast]: members a: got an unknown option, expected an option of forecast; did you mean --members?"),
    "a number out of its range": ("[forecast]\nmembers = 0\n", "overflight.toml: [forecast]: members: got 0, expected 1 to 10,000,000"),
    "not a number": ("[forecast]\nstep = nan\n", "overflight.toml: [forecast]: step: got nan, expected 1 to 86,400 s"),
    "a choice that is none": ('[forecast]\nmethod = "euler"\n', "overflight.toml: [forecast]: method: got 'euler', expected one of rk4, rk2, adaptive"),
    "a word for true": ('[forecast]\nsteady = "maybe"\n', "overflight.toml: [forecast]: steady: got 'maybe', expected true or false"),
}  # fmt: skip
VARIABLES = {
    "an option that is none": ("MEMBRS", "3", "environment: OVERFLIGHT_FORECAST_MEMBRS: got an unknown name, expected an option of forecast; did you mean OVERFLIGHT_FORECAST_MEMBERS?"),
    "nothing": ("MEMBERS", "", "environment: OVERFLIGHT_FORECAST_MEMBERS: got '', expected a whole number"),
    "a word": ("MEMBERS", "many", "environment: OVERFLIGHT_FORECAST_MEMBERS: got 'many', expected a whole number"),
    "out of range": ("MEMBERS", "0", "environment: OVERFLIGHT_FORECAST_MEMBERS: got 0, expected 1 to 10,000,000"),
    "neither true nor false": ("STEADY", "5", "environment: OVERFLIGHT_FORECAST_STEADY: got '5', expected true or false"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_named_with_its_key(workplace, capsys, name):
    text, line = FILES[name]
    Path("overflight.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(capsys, RUN, 2, line, workplace)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wrong_variable_is_named(workplace, capsys, monkeypatch, name):
    variable, value, line = VARIABLES[name]
    monkeypatch.setenv(f"OVERFLIGHT_FORECAST_{variable}", value)
    refused(capsys, RUN, 2, line, workplace)


def test_the_users_own_file_is_named_by_its_place(workplace, capsys):
    own = workplace / "config" / "overflight"
    own.mkdir(parents=True)
    (own / "overflight.toml").write_text("[forecast]\nmembers = 0\n")
    where = own / "overflight.toml"
    refused(capsys, RUN, 2, f"{where}: [forecast]: members: got 0, expected 1 to 10,000,000", workplace)


def test_a_folder_in_the_place_of_the_file(workplace, capsys):
    Path("overflight.toml").mkdir()
    line = "overflight.toml: configuration: got Is a directory, expected TOML, a table a verb"
    refused(capsys, RUN, 2, line, workplace)


def test_a_wrong_file_is_in_nobodys_way_who_asks_for_help(workplace, capsys):
    Path("overflight.toml").write_text("[forecast\n")
    for arguments in (["--help"], ["--version"], ["forecast", "--help"]):
        assert main(arguments) == 0
    assert "Usage: overflight forecast" in capsys.readouterr().out


PIECES = [
    "[",
    "]",
    '"',
    "'",
    "=",
    "\n",
    "[[",
    "\\",
    "{",
    "}",
    "\0",
    "é",
    "1e999",
    "nan",
    "#",
    ".",
    "true",
    "-",
    "forecast",
]


@pytest.mark.parametrize("seed", range(2))
def test_any_mutation_is_taken_or_refused_in_one_line(workplace, capsys, seed):
    """No verb runs: the option that is left out is told only where the file was taken."""
    draw = random.Random(seed)  # noqa: S311 - a mutator that repeats itself
    sound = b'[forecast]\nmembers = 5\nwinds = "winds.nc"\nsteady = true\n[winds.fetch]\nstep = 3\n'
    outcomes = set()
    for _ in range(250):
        data = bytearray(sound)
        for _ in range(draw.randint(1, 5)):
            at = draw.randrange(len(data) + 1)
            change = draw.choice((b"", bytes([draw.randrange(256)]), draw.choice(PIECES).encode(), bytes(data[:at])))
            data[at : at + draw.randint(0, 6)] = change
        Path("overflight.toml").write_bytes(bytes(data))
        assert main(["forecast", "--lat", "55"]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert not err.startswith("overflight: unexpected")
        outcomes.add("overflight.toml" in err)
    assert outcomes == {True, False}


def test_deep_nesting_is_no_traceback(workplace, capsys):
    Path("overflight.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    refused(
        capsys,
        RUN,
        2,
        r"~overflight\.toml: (configuration: got .*, expected TOML, a table a verb|a: got .*)",
        workplace,
    )
