"""Files that a person downloaded from the Climate Data Store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.winds.open import open_winds
from overflight.winds.request import Request
from overflight.winds.sources.era5_cds import adopt, retrieval
from overflight.winds.store import Store

START = datetime(2020, 2, 22, tzinfo=UTC)
AREA = (46.0, 8.0, 48.0, 10.0)


def test_what_to_ask_the_climate_data_store():
    request = Request(source="era5", start=START, end=START + timedelta(hours=12), area=AREA, step_h=6)
    asked = retrieval(request)["request"]
    assert asked["time"] == ["00:00", "06:00", "12:00"]
    assert asked["area"] == [48.0, 8.0, 46.0, 10.0]
    assert len(asked["pressure_level"]) == 37
    assert asked["variable"][0] == "u_component_of_wind"


def test_a_file_is_taken_in_and_serves(tmp_path, shared_data):
    path = shared_data / "era5_euroc/era5_2020-02-22_switzerland_pl14.nc"
    store = Store(tmp_path / "store")
    entries = adopt(path, store=store)
    assert len(entries) == 5
    assert entries[0].area == AREA
    assert store.verify() == ()
    there = open_winds(path)
    here = store.open_stored("era5")
    assert np.array_equal(here["time"].values, there["time"].values)
    for name in ("u", "v"):
        assert np.array_equal(here[name].values, there[name].values)
    times = there["time"].values
    assert entries[-1].valid == datetime.fromisoformat(f"{np.datetime_as_string(times[-1], 's')}+00:00")


def test_a_file_without_winds_is_refused(tmp_path):
    path = tmp_path / "file.nc"
    path.write_text("no winds")
    with pytest.raises(InvalidInput):
        adopt(path, store=Store(tmp_path / "store"))
