"""The table of candidates, its messages, and the stations that are shipped."""

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.geo.spread import Spread
from overflight.infer.candidate_table import candidates_of, read_candidates
from overflight.infer.stations import ACTIVE, read_stations, station_launches

GOOD = {"name": "A", "time": "2023-02-11T00:48:00Z", "lat": "58.65", "lon": "-160.9"}


def test_a_row_with_no_more_than_it_needs_is_last_heard_and_floats():
    (one,) = candidates_of([GOOD])
    assert one.kind == "last_heard"
    assert np.isnan(one.altitude_m[0])
    assert one.flown.descent_ms is None


def test_values_may_have_a_spread():
    row = GOOD | {"kind": "launch", "ascent_ms": "5+-0.5", "top_m": "25000..32000", "descent_ms": "6", "weight": "0.4"}
    (one,) = candidates_of([row])
    assert one.flown.ascent_ms == Spread("normal", 5.0, 0.5, 0.1, 50.0)
    assert one.flown.top_m == Spread("uniform", 25_000.0, 32_000.0)
    assert (one.flown.descent_ms, one.weight) == (6.0, 0.4)


def test_fixes_of_one_name_are_one_track_in_order_of_time():
    rows = [GOOD | {"kind": "track", "time": f"2023-02-11T0{h}:00:00Z", "lat": str(50 + h)} for h in (2, 1, 3, 1)]
    (one,) = candidates_of(rows)
    assert one.lat.tolist() == [51.0, 52.0, 53.0]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"name": ""}, "list.csv:2: name: got nothing, expected a name"),
        ({"kind": "kite"}, "list.csv:2: kind: got 'kite', expected track, launch or last_heard"),
        ({"lat": "95"}, "list.csv:2: lat: got 95, expected -90 to 90"),
        ({"lon": ""}, "list.csv:2: lat, lon: got nothing, expected degrees"),
        ({"weight": "2"}, "list.csv:2: weight: got 2, expected 1e-06 to 1"),
        ({"altitude_m": "high"}, "list.csv:2: altitude_m: got 'high', expected a number"),
        ({"kind": "launch", "top_m": "5..x"}, "list.csv:2: top_m: got '5..x', expected a number, 5+-0.5, or 8000..15000"),
        ({"flight": "kite"}, "list.csv:2: flight: got 'kite', expected sounding or float"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(change, line, tmp_path):
    row = GOOD | change
    path = tmp_path / "list.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as bad:
        read_candidates(path)
    assert str(bad.value) == line


def test_files_that_are_none(tmp_path):
    path = tmp_path / "list.csv"
    with pytest.raises(InvalidInput, match="No such file or directory"):
        read_candidates(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="expected UTF-8"):
        read_candidates(path)
    path.write_text("name,time,lat\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"list\.csv: column: got no lon"):
        read_candidates(path)
    path.write_text("name,time,lat,lon,colour\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="column: got 'colour'"):
        read_candidates(path)
    path.write_text("name,time,lat,lon\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="candidates: got no rows"):
        read_candidates(path)
    path.write_text("name,time,lat,lon\nA,2023-02-11T00:48:00Z,1,2,3\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="more cells than the header"):
        read_candidates(path)


def test_stations_launch_at_00_and_12_before_an_instant():
    stations = read_stations()
    assert len(stations) == 2345
    found = station_launches(stations[:3], np.datetime64("2023-02-11T13:00", "ns"), 14.0)
    hours = {str((c.time[0] + np.timedelta64(45, "m")).astype("datetime64[h]")) for c in found}
    assert hours == {"2023-02-11T00", "2023-02-11T12"}
    assert all(c.weight == ACTIVE and c.flown.descent_ms is not None for c in found)


def test_a_table_of_stations_without_its_columns_is_refused(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text("wmo,name\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="columns: got no elev_m, lat, lon"):
        read_stations(path)
