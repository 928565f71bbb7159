"""ECMWF open data by its own index, from a local server."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from fetch_files import write_ecmwf
from fetch_server import Server

from overflight.errors import OutOfCoverage, Unavailable
from overflight.winds.download import fetch
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

RUN = datetime(2026, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        write_ecmwf(running.root, RUN, (0, 3, 6))
        yield running


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def get(server, store, *, hours=6, **more):
    request = Request(source="ecmwf", start=RUN, end=RUN + timedelta(hours=hours), levels_hpa=(200, 50))
    return fetch(request, store=store, config={"ecmwf": server.url}, client=Client(tries=2, backoff_s=0.01), **more)


def test_fields_come_by_their_own_offsets(server, store):
    report = get(server, store)
    assert [(entry.valid.hour, entry.step_h) for entry in report.fetched] == [(0, 0), (3, 3), (6, 6)]
    assert report.fetched[0].levels_hpa == (200.0, 50.0)
    whole = sum(path.stat().st_size for path in server.root.rglob("*.grib2"))
    assert 0.2 * whole < report.bytes < 0.5 * whole
    assert store.verify() == ()


def test_the_stored_winds_open(server, store):
    get(server, store)
    winds = store.open_stored("ecmwf", start=RUN, end=RUN + timedelta(hours=4))
    assert winds.sizes["time"] == 3
    assert winds["v"].sel(level=50.0, lat=0.0, lon=0.0).values.tolist() == pytest.approx([-0.5] * 3, abs=0.01)


def test_a_run_that_is_on_its_way_is_passed_over(server, store):
    report = get(server, store, now=RUN + timedelta(hours=13))
    assert {entry.run for entry in report.fetched} == {RUN}


def test_after_the_forecast_ends(server, store):
    write_ecmwf(server.root, RUN, (240,))
    with pytest.raises(OutOfCoverage, match=r"ecmwf forecast: .* have up to 2026-03-12T00:00:00Z"):
        get(server, store, hours=300, now=RUN + timedelta(hours=5))


def test_no_run_to_be_found(server, store):
    with pytest.raises(Unavailable, match=r"no run from 2026-02-.* is there; give a mirror with --url; would fetch"):
        get(server, store, hours=48, now=RUN)


@pytest.mark.parametrize("text", ['{"levtype": "pl", "param": "u"}', "no json", "[1, 2]", '{"a": 1}'])
def test_an_index_that_is_none(server, store, text):
    for path in server.root.rglob("*.index"):
        path.write_text(text)
    with pytest.raises(Unavailable) as caught:
        get(server, store)
    assert "index" in str(caught.value)
    assert "\n" not in str(caught.value)
