"""The 31 members of GEFS by index and byte ranges from a local server: one file a time, one dimension ``member``."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from fetch_files import write_gefs
from fetch_server import Server

from overflight.errors import OutOfCoverage, Unavailable
from overflight.winds.download import estimate, fetch
from overflight.winds.request import Request
from overflight.winds.sources.gefs import Gefs
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

RUN = datetime(2023, 1, 28, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("www")
    write_gefs(root, RUN, (0, 3))
    return root


@pytest.fixture
def server(folder):
    with contextlib.closing(Server(folder)) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def get(server, store, **more):
    asked = {"start": RUN, "end": RUN + timedelta(hours=3), "levels_hpa": (200, 100)} | more
    client = Client(tries=2, backoff_s=0.01, timeout_s=2.0)
    return fetch(Request(source="gefs", **asked), store=store, config={"gefs": server.url}, client=client)


def test_members_come_into_one_file_a_time(server, store):
    report = get(server, store).or_raise()
    assert [entry.step_h for entry in report.fetched] == [0, 3]
    assert report.fetched[0].levels_hpa == (200.0, 100.0)
    assert not [path for path, _ in server.requests if "pgrb2bp5" in path]
    assert len(list(store.root.rglob("*.grib2"))) == 2
    assert not list(store.root.rglob("*.part"))
    assert store.verify() == ()
    winds = store.open_stored("gefs", start=RUN, end=RUN + timedelta(hours=3))
    assert winds["u"].dims == ("member", "time", "level", "lat", "lon")
    assert winds["member"].values.tolist() == list(range(31))
    point = winds["u"].sel(level=200.0, lat=0.0, lon=0.0)
    assert point.isel(time=1).values.tolist() == pytest.approx([2.0 + 3.0 + n for n in range(31)], abs=0.01)


def test_levels_of_the_second_file(server, store):
    report = get(server, store, end=RUN, levels_hpa=(300, 100, 70)).or_raise()
    assert report.fetched[0].levels_hpa == (300.0, 100.0, 70.0)
    assert {path.split("/")[4] for path, asked in server.requests if asked} == {"pgrb2ap5", "pgrb2bp5"}
    winds = store.open_stored("gefs", start=RUN, end=RUN)
    assert winds["v"].sel(member=3, level=70.0, lat=0.0, lon=0.0).values.tolist() == pytest.approx([2.3], abs=0.01)


def test_a_break_is_taken_up_and_costs_no_member_twice(server, store):
    server.faults["gep20.t00z.pgrb2a.0p50.f000"] = ["", ("always", "403")]
    with pytest.raises(Unavailable, match="gep20"):
        get(server, store, end=RUN)
    server.faults.clear()
    server.requests.clear()
    assert len(get(server, store, end=RUN).or_raise().fetched) == 1
    fields = [path for path, asked in server.requests if not path.endswith(".idx") and asked and asked != "bytes=0-0"]
    assert len({path.rsplit("/", 1)[1].split(".")[0] for path in fields}) == 11  # 20 to 30
    assert store.verify() == ()


def test_where_the_bucket_keeps_them():
    one = Gefs().urls(RUN, 6, "0p50")
    assert one[0] == (
        "https://noaa-gefs-pds.s3.amazonaws.com/gefs.20230128/00/atmos/pgrb2ap5/gec00.t00z.pgrb2a.0p50.f006"
    )
    assert one[30].endswith("gep30.t00z.pgrb2a.0p50.f006")
    assert [Gefs().on_grid(step, "0p50") for step in (3, 239, 243, 246)] == [3, 237, 240, 246]


def test_what_is_not_there(server, store):
    with pytest.raises(OutOfCoverage, match="gefs archive: asked for 2019-01-01T00:00:00Z, have 2020-09-24"):
        fetch(
            Request(source="gefs", start=RUN.replace(year=2019, day=1), end=RUN.replace(year=2019, day=1)), store=store
        )
    with pytest.raises(Unavailable, match="asked for 150 hPa, have 300, 70 hPa; choose --levels"):
        get(server, store, end=RUN, levels_hpa=(150,))
    asked = Request(source="gefs", start=RUN, end=RUN, levels_hpa=(100, 50))
    assert estimate(asked, store=store).startswith("would fetch 1 files, about 55 MB")
