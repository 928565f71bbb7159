"""A real GFS file through index, ranges and store: the winds come out as they are in it."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from fetch_files import index_real
from fetch_server import Server

from overflight.winds.download import fetch
from overflight.winds.open import open_winds
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

VALID = datetime(2011, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def server(tmp_path, shared_data):
    folder = tmp_path / "www/gfs.20110115/12/atmos"
    folder.mkdir(parents=True)
    path = folder / "gfs.t12z.pgrb2.0p25.f000"
    shutil.copy(shared_data / "gfs/gfs_2p5deg_2011-01-10T12_f120.grib2", path)
    path.with_name(path.name + ".idx").write_text(index_real(path))
    with contextlib.closing(Server(tmp_path / "www")) as running:
        yield running


def test_a_real_file_by_ranges(server, tmp_path, shared_data):
    store = Store(tmp_path / "store")
    levels = (500.0, 200.0, 50.0, 10.0)
    request = Request(source="gfs", start=VALID, end=VALID, levels_hpa=levels)
    report = fetch(request, store=store, config={"gfs": server.url}, client=Client(tries=1))
    assert report.or_raise().fetched[0].levels_hpa == levels
    # u and v share a message in this file: their bytes come once. 16 of 307 fields, 8 % of the bytes.
    assert 0.05 < report.bytes / 3_770_738 < 0.12
    winds = store.open(request)
    assert winds["level"].values.tolist() == list(levels)
    netcdf = open_winds(shared_data / "winds/gfs_20110110T12_f120_global_2p5deg.nc", levels_hpa=levels)
    for name in ("u", "v"):
        assert float(np.abs(winds[name].values - netcdf[name].values).max()) < 0.0051  # rounded to 0.01 m/s


def test_a_real_file_to_its_last_field(server, tmp_path):
    """The last field has no successor in the index: its end is the end of the file."""
    index = next(server.root.rglob("*.idx"))
    lines = index.read_text().splitlines()
    last = max(n for n, line in enumerate(lines) if ":VGRD:10 mb:" in line)
    index.write_text("\n".join(lines[: last + 1]) + "\n")
    file = index.with_suffix("")
    body, end = file.read_bytes(), int(lines[last + 1].split(":")[1])
    file.write_bytes(body[:end])
    request = Request(source="gfs", start=VALID, end=VALID, levels_hpa=(10,))
    report = fetch(request, store=Store(tmp_path / "store"), config={"gfs": server.url}, client=Client(tries=1))
    assert len(report.or_raise().fetched) == 1
