"""GFS by index and byte ranges from a local server, well behaved."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import eccodes
import pytest
from fetch_files import write_gfs
from fetch_server import Server

from overflight.errors import OutOfCoverage, Unavailable
from overflight.winds.download import estimate, fetch
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

RUN = datetime(2023, 1, 28, 0, tzinfo=UTC)
DAY = {"start": RUN, "end": datetime(2023, 1, 28, 6, tzinfo=UTC)}
LEVELS = (500.0, 200.0, 100.0)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        write_gfs(running.root, RUN, (0, 3))
        write_gfs(running.root, datetime(2023, 1, 28, 6, tzinfo=UTC), (0,))
        yield running


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def quick():
    return Client(tries=3, backoff_s=0.01, timeout_s=2.0)


def get(server, store, **more):
    request = Request(source="gfs", **({"levels_hpa": LEVELS} | DAY | more))
    return fetch(request, store=store, config={"gfs": server.url}, client=quick())


def test_only_the_fields_asked_for_cross_the_network(server, store):
    report = get(server, store)
    assert [f"{e.run:%H}+{e.step_h}" for e in report.fetched] == ["00+0", "00+3", "06+0"]
    whole = sum(path.stat().st_size for path in server.root.rglob("*.f???"))
    assert 0.3 * whole < report.bytes < 0.6 * whole  # 3 of 5 levels, 4 of 5 fields
    assert report.bytes == sum(entry.size for entry in report.fetched)
    assert str(report).startswith("fetched 3 files")


def test_a_second_fetch_asks_no_server(server, store):
    get(server, store)
    asked = len(server.requests)
    report = get(server, store)
    assert len(report.reused) == 3
    assert len(server.requests) == asked


def test_a_subset_of_the_levels_is_reused_and_more_levels_are_fetched(server, store):
    get(server, store)
    assert len(get(server, store, levels_hpa=(200.0,)).reused) == 3
    assert len(get(server, store, levels_hpa=(200.0, 50.0)).fetched) == 3


def test_the_stored_winds_open_with_their_values(server, store):
    get(server, store)
    winds = store.open(Request(source="gfs", levels_hpa=LEVELS, **DAY))
    assert winds["level"].values.tolist() == [500.0, 200.0, 100.0]
    assert winds.sizes["time"] == 3
    point = winds["u"].sel(level=200.0, lat=0.0, lon=90.0)
    assert point.values.tolist() == pytest.approx([3.0, 6.0, 9.0], abs=0.01)  # 200 / 100 + hour + sin 90


def test_no_levels_named_takes_those_that_are_there(server, store):
    report = get(server, store, levels_hpa=None)
    assert report.fetched[0].levels_hpa == (1000.0, 500.0, 200.0, 100.0, 50.0)
    assert report.fetched[0].default_levels


def test_a_level_that_is_not_there_is_named(server, store):
    with pytest.raises(Unavailable, match=r"asked for 70 hPa, have 1000, 500, 200, 100, 50 hPa"):
        get(server, store, levels_hpa=(200.0, 70.0))


def test_the_newest_run_that_reaches_the_end_serves_the_future(server, store):
    run = datetime(2023, 1, 28, 6, tzinfo=UTC)
    write_gfs(server.root, run, (3, 6))
    write_gfs(server.root, datetime(2023, 1, 28, 12, tzinfo=UTC), (0,))  # still on its way: no step 3
    request = Request(source="gfs", start=run, end=run.replace(hour=15), levels_hpa=LEVELS)
    write_gfs(server.root, run, (9,))
    report = fetch(request, store=store, config={"gfs": server.url}, client=quick(), now=run.replace(hour=14))
    assert [(f"{e.run:%H}", e.step_h) for e in report.fetched] == [("06", 0), ("06", 3), ("06", 6), ("06", 9)]
    # The next run comes in whole: what it gives better is fetched, the rest stands.
    write_gfs(server.root, datetime(2023, 1, 28, 12, tzinfo=UTC), (3,))
    report = fetch(request, store=store, config={"gfs": server.url}, client=quick(), now=run.replace(hour=16))
    assert [(f"{e.run:%H}", e.step_h) for e in report.fetched] == [("12", 0), ("12", 3)]
    assert store.find(request)[run.replace(hour=15)].run.hour == 12


@pytest.mark.parametrize(("given", "grid"), [("0.25", "0p25"), ("0.5", "0p50"), ("1.0", "1p00")])
@pytest.mark.parametrize("template", ["", "/gfs.{YYYYMMDD}/{HH}/atmos/gfs.t{HH}z.pgrb2.{RES}.f{FFF}"])
def test_every_grid_by_a_mirrors_root_and_by_a_full_template(server, store, given, grid, template):
    write_gfs(server.root, RUN, (0, 3, 6), res=grid)
    request = Request(source="gfs", start=RUN, end=RUN, resolution=given, levels_hpa=LEVELS)
    report = fetch(request, store=store, config={"gfs": server.url + template}, client=quick())
    assert report.fetched[0].grid == grid
    assert store.have(request)
    assert {path for path, _ in server.requests} == {
        f"/gfs.20230128/00/atmos/gfs.t00z.pgrb2.{grid}.f000{end}" for end in ("", ".idx")
    }


def test_only_the_variables_asked_for_are_in_the_file(server, store):
    report = get(server, store, variables=("u", "v"))
    with report.fetched[0].path.open("rb") as stream:
        names = []
        while (handle := eccodes.codes_grib_new_from_file(stream)) is not None:
            names.append((eccodes.codes_get(handle, "shortName"), eccodes.codes_get(handle, "level")))
            eccodes.codes_release(handle)
    assert sorted(names) == sorted((name, level) for name in "uv" for level in (500, 200, 100))


def test_before_the_archive(store):
    old = datetime(2011, 1, 10, tzinfo=UTC)
    with pytest.raises(OutOfCoverage, match="2021-01-01T00:00:00Z and later; use era5, or a mirror"):
        fetch(Request(source="gfs", start=old, end=old), store=store)


def test_the_estimate_needs_no_network(server, store):
    request = Request(source="gfs", levels_hpa=LEVELS, **DAY)
    assert estimate(request, store=store).startswith("would fetch 3 files, about 25 MB, 2023-01-28T00:00:00Z..")
    get(server, store)
    assert estimate(request, store=store) == "nothing to fetch: all 3 files are here"


def test_progress_counts_files(server, store):
    seen = []
    request = Request(source="gfs", levels_hpa=LEVELS, **DAY)
    fetch(request, store=store, config={"gfs": server.url}, client=quick(), progress=lambda *p: seen.append(p))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_without_a_network_a_forecast_in_the_store_stands(server, store, caplog):
    request = Request(source="gfs", start=RUN, end=RUN.replace(hour=6), levels_hpa=LEVELS)
    now = RUN.replace(hour=5)
    write_gfs(server.root, RUN, (6,))
    assert {
        e.run for e in fetch(request, store=store, config={"gfs": server.url}, client=quick(), now=now).fetched
    } == {RUN}
    again = fetch(request, store=store, config={"gfs": "http://127.0.0.1:9"}, client=quick(), now=now)
    assert len(again.reused) == 3
    assert "the forecast in the store stands" in caplog.text
