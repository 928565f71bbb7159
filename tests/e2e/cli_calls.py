"""Calls of the real command, and small synthetic winds to call it with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import xarray as xr

from overflight.cli.main import application, main

TIMES = np.array(["2022-11-11T00", "2022-11-11T01", "2022-11-11T02"], "datetime64[ns]")


def command(*arguments, cwd, **environment):
    """Run the command as a process of its own."""
    own = {"OVERFLIGHT_WINDS_STORE": str(cwd / "store"), "XDG_CONFIG_HOME": str(cwd / "config")}
    run = [sys.executable, "-m", "overflight", *map(str, arguments)]
    full = os.environ | own | environment
    return subprocess.run(run, capture_output=True, text=True, cwd=cwd, env=full, check=False)


def synthetic(*, time=TIMES, level=(300.0, 200.0, 100.0), lat=None, lon=None, u=10.0, units="hPa") -> xr.Dataset:
    """Return a synthetic wind from the west, 50 to 60 degrees north and east."""
    lat, lon = (np.arange(50.0, 61.0) if axis is None else np.asarray(axis) for axis in (lat, lon))
    shape = (len(time), len(level), len(lat), len(lon))
    fields = {"u": np.full(shape, u, "f4"), "v": np.full(shape, 1.0, "f4")}
    dims = ("time", "level", "lat", "lon")
    return xr.Dataset(
        {name: (dims, field, {"units": "m s-1"}) for name, field in fields.items()},
        coords={"time": np.asarray(time), "level": ("level", list(level), {"units": units}), "lat": lat, "lon": lon},
    )


def refused(capsys, arguments, code, expected, folder: Path) -> None:
    """Call the command, and check its one line, its exit code, and that it left nothing behind.

    ``expected`` is the whole line, or a pattern for the whole of it where it starts with ``~``.
    """
    before = leavings(folder)
    got = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("overflight: "), err
    assert err.count("\n") == 1, err
    line = err.removeprefix("overflight: ").rstrip("\n")
    if expected.startswith("~"):
        assert re.fullmatch(expected[1:], line), line
    else:
        assert line == expected, f"{line!r} is not {expected!r}"
    assert got == code
    assert leavings(folder) == before


def leavings(folder: Path) -> dict[str, int]:
    """Return the files of a folder with their lengths; a store's empty folders and locks do not count."""
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def options_of(verb: list[str]) -> list[tuple[tuple[str, ...], str]]:
    """Return the names of each option and argument of a verb, and what its help says."""
    app = application()
    for word in verb:
        app = app[word]
    found = [argument for argument in app.assemble_argument_collection() if argument.show]
    return [(tuple(argument.names), argument.parameter.help or "") for argument in found]
