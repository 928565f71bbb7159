"""The local store: what it lists, serves, frees and finds spoiled."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from overflight.errors import Interrupted, OutOfCoverage
from overflight.winds.files import held, lock_path, locked
from overflight.winds.holdings import holdings
from overflight.winds.request import Request
from overflight.winds.store import Store

START = datetime(2023, 1, 28, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def put(store, hour=0, **more):
    valid = START + timedelta(hours=hour)
    facts = {
        "source": "gfs",
        "grid": "0p25",
        "valid": valid,
        "run": valid,
        "step_h": 0,
        "levels_hpa": (500.0, 200.0),
        "default_levels": True,
        "variables": ("u", "v", "t", "z"),
        "area": None,
        "url": "http://somewhere/file",
    } | more
    name = f"{valid:%Y%m%dT%HZ}_{abs(hash(str(facts))) % 10**9}.grib2"
    path = store.place(facts["source"], facts["grid"], name)
    part = path.with_name(path.name + ".part")
    part.write_bytes(b"x" * 100)
    return store.commit(part, path, facts)


def asked(hours=6, **more):
    return Request(**({"source": "gfs", "start": START, "end": START + timedelta(hours=hours)} | more))


def test_an_empty_store(store):
    assert store.entries() == ()
    assert store.verify() == ()
    assert not store.have(asked())
    assert store.missing(asked()) == asked().times()
    assert store.prune().files == 0
    with pytest.raises(OutOfCoverage, match="have nothing; fetch the rest: overflight winds fetch gfs --start 2023"):
        store.open(asked())
    with pytest.raises(OutOfCoverage, match="have nothing; fetch the rest: overflight winds fetch era5 --start"):
        store.open_stored("era5")


def test_where_it_stands(monkeypatch, tmp_path):
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "mine"))
    assert Store().root == tmp_path / "mine"
    monkeypatch.delenv("OVERFLIGHT_WINDS_STORE")
    assert Store().root.name == "winds"


def test_an_entry_reads_back_as_it_was(store):
    entry = put(store, area=(0.0, 10.0, 5.0, 20.0), run=START - timedelta(hours=6), step_h=6)
    assert store.entries() == (entry,)


def test_have_and_missing(store):
    for hour in (0, 3):
        put(store, hour)
    assert store.missing(asked()) == (START + timedelta(hours=6),)
    assert not store.have(asked())
    put(store, 6)
    assert store.have(asked())
    assert not store.have(asked(levels_hpa=(70,)))
    assert not store.have(asked(resolution="1p00"))


def test_gaps_up_to_six_hours_are_none(store):
    for hour in (0, 6):
        put(store, hour)
    assert store.have(asked())
    put(store, 18)
    assert not store.have(asked(18))


def test_the_newest_run_serves(store):
    put(store, 6, run=START, step_h=6)
    new = put(store, 6, run=START + timedelta(hours=6), levels_hpa=(200.0, 500.0))
    assert store.find(asked())[new.valid] == new


def test_grids_are_not_mixed(store):
    put(store, 0)
    for hour in (0, 3, 6):
        put(store, hour, grid="1p00")
    assert {entry.grid for entry in store.find(asked()).values()} == {"1p00"}


def test_chosen_levels_do_not_serve_a_fetch_of_all(store):
    put(store, default_levels=False)
    assert store.find(asked())
    assert not store.find(asked(), exact=True)


def test_what_is_here_names_levels_where_they_are_the_matter(store):
    put(store)
    with pytest.raises(OutOfCoverage, match=r"have 2023-01-28T00:00:00Z \(global\) at 500 200 hPa; fetch"):
        store.open(asked(0, levels_hpa=(70,)))


def test_the_area_matters(store):
    put(store, area=(0.0, 10.0, 5.0, 20.0))
    assert store.find(asked(0, area=(1, 11, 2, 12)))
    with pytest.raises(OutOfCoverage, match=r"\(global\), have .* \(0..5 N 10..20 E\)"):
        store.open(asked(0))


def test_prune_by_source_age_and_all(store):
    put(store)
    put(store, source="era5")
    assert store.prune(older_than=timedelta(days=1)).files == 0
    assert store.prune(source="era5").files == 1
    assert [entry.source for entry in store.entries()] == ["gfs"]
    freed = store.prune()
    assert freed.files == 1
    assert freed.bytes > 100
    assert str(freed).startswith("freed 1 files, 0.0 MB")
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_prune_takes_parts_that_nobody_holds(store):
    path = store.place("gfs", "0p25", "20230101T00Z_aa.grib2")
    part = path.with_name(path.name + ".part")
    part.write_bytes(b"half")
    with locked(path):
        assert held(part)
        store.prune()
        assert part.exists()
    assert not held(part)
    store.prune()
    assert not part.exists()


def test_prune_takes_chunks_of_a_broken_download(store):
    folder = store.place("era5", "0p25", "20230101T00Z_aa.nc.part.chunks")
    folder.mkdir()
    (folder / "one.part").write_bytes(b"half")
    assert store.prune().bytes == 4
    assert not folder.exists()


def test_holdings_sum_up_what_is_there(store):
    for hour in (0, 3, 6, 24):
        put(store, hour)
    put(store, area=(0.0, 170.0, 5.0, 190.0), levels_hpa=(50.0,))
    assert [str(one) for one in holdings(store)] == [
        "gfs-0p25: 2023-01-28T00:00:00Z..2023-01-28T06:00:00Z, 2023-01-29T00:00:00Z, 4 times, "
        "2 levels 500..200 hPa, global, 0.0 MB",
        "gfs-0p25: 2023-01-28T00:00:00Z, 1 times, 1 levels 50..50 hPa, 0..5 N 170..-170 E, 0.0 MB",
    ]
    assert holdings(store, "era5") == ()


def test_parts_of_today_outlive_a_prune_by_age(store):
    path = store.place("gfs", "0p25", "20230101T00Z_aa.grib2.part")
    path.write_bytes(b"half")
    store.prune(older_than=timedelta(days=30))
    assert path.exists()
    os.utime(path, (0, 0))
    store.prune(older_than=timedelta(days=30))
    assert not path.exists()


def test_a_flipped_byte_is_found(store):
    entry = put(store)
    entry.path.write_bytes(b"x" * 99 + b"y")
    assert len(store.verify()) == 1
    assert "sha256" in store.verify()[0]


def test_a_shortened_file_is_not_served(store, caplog):
    entry = put(store)
    entry.path.write_bytes(b"x")
    assert store.entries() == ()
    assert "1 bytes, expected 100; fetch again" in caplog.text
    assert "fetch again" in store.verify()[0]
    entry.path.unlink()
    assert "None bytes, expected 100" in store.verify()[0]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"valid": 1}', "\udcff", '{"valid": "2023"}'])
def test_a_spoiled_sidecar_is_told_and_left_out(store, caplog, text):
    entry = put(store)
    put(store, 3)
    entry.path.with_name(entry.path.name + ".json").write_text(text, errors="surrogateescape")
    assert len(store.entries()) == 1
    assert "a spoiled sidecar; fetch again" in caplog.text
    assert len(store.verify()) == 1


def test_a_sidecar_of_a_later_version_is_left_out(store):
    entry = put(store)
    sidecar = entry.path.with_name(entry.path.name + ".json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"new": 1}))
    assert store.entries() == ()


def test_a_lock_waits_for_its_holder_and_goes_away(tmp_path):
    path, order = tmp_path / "file.nc", []

    def second() -> None:
        with locked(path):
            order.append("second")

    with locked(path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert not lock_path(path).exists()


def test_waiting_for_a_lock_can_be_stopped(tmp_path):
    path = tmp_path / "file.nc"
    with locked(path), pytest.raises(Interrupted), locked(path, lambda: True):
        pass
