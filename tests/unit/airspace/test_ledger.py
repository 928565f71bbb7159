"""The ledger finds what was crossed, when, and how surely."""

import numpy as np
import pytest
import shapely
import xarray as xr

from overflight.airspace import Region, ledger
from overflight.airspace.arrange import arrange
from overflight.airspace.ledger import wilson
from overflight.errors import InvalidInput
from overflight.geo import sphere

SQUARE = Region(id="SQR", name="Square", administered_by="SQR", kind="land")


def paths(lat, lon, *, minutes=60, status=None):
    lat, lon = np.atleast_2d(lat).astype(float), np.atleast_2d(lon).astype(float)
    time = np.datetime64("2023-02-01", "ns") + np.arange(lat.shape[1]) * np.timedelta64(minutes, "m")
    fields = {"lat": lat, "lon": sphere.wrap(lon), "altitude": 0 * lat + 18_000.0}
    if status is not None:
        fields["status"] = np.broadcast_to(status, lat.shape)
    return xr.Dataset({n: (("trajectory", "obs"), f) for n, f in fields.items()}, {"time": ("obs", time)})


def only(west, south, east, north):
    return arrange([SQUARE], np.array([shapely.box(west, south, east, north)]))


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("VAT", (41.80, 12.4535), (42.0, 12.4535)),
        ("MCO", (43.70, 7.42), (43.80, 7.42)),
        ("SMR", (43.80, 12.46), (44.10, 12.46)),
        ("LIE", (47.15, 9.30), (47.15, 9.80)),
        ("FJI", (-16.8, 179.5), (-16.8, -179.5)),
        ("RUS", (66.0, -175.5), (66.0, 178.0)),
        ("antarctica-nor", (-89.5, 0.0), (-89.5, 180.0)),
    ],
)
def test_small_and_awkward_countries_are_found_between_outputs(name, start, end):
    found = ledger(paths([[start[0], end[0]]], [[start[1], end[1]]], minutes=10)).table
    assert name in set(found["id"])


def test_entry_and_exit_are_where_the_path_meets_the_border():
    data = paths([[0.0, 0.0]], [[0.0, 10.0]], minutes=600)
    row = ledger(data, only(2.0, -1.0, 5.0, 1.0)).table.set_index("id").loc["SQR"]
    minutes = [
        (row[c].to_datetime64() - data["time"].values[0]) / np.timedelta64(1, "m") for c in ("entry_q50", "exit_q50")
    ]
    assert minutes == pytest.approx([120.0, 300.0], abs=0.05)
    assert row["hours_q50"] == pytest.approx(3.0, abs=1e-3)


def test_a_gaussian_ensemble_has_the_probability_of_its_distribution():
    rng = np.random.default_rng(3)
    members, east = 4000, rng.normal(0.0, 1.0, 4000)
    lat = np.repeat([[-2.0, 2.0]], members, axis=0)
    table = (
        ledger(paths(lat, np.repeat(east[:, None], 2, axis=1)), only(0.5, -1.0, 3.0, 1.0))
        .table.set_index("id")
        .loc["SQR"]
    )
    expected = 0.308538 - 0.00135
    assert table["probability"] == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / members))
    assert table["probability_low"] < expected < table["probability_high"]


def test_halving_the_interval_changes_nothing():
    rng = np.random.default_rng(4)
    lat, lon = 47.0 + np.cumsum(rng.normal(0, 0.2, (100, 25)), 1), 5.0 + np.cumsum(rng.uniform(0, 0.5, (100, 25)), 1)
    middle = [
        sphere.latlon(sphere.unit_vector(lat, lon)[:, :-1] + sphere.unit_vector(lat, lon)[:, 1:])[i] for i in (0, 1)
    ]
    fine = [np.empty((100, 49)) for _ in range(2)]
    for full, known, between in zip(fine, (lat, lon), middle, strict=True):
        full[:, ::2], full[:, 1::2] = known, between
    coarse, dense = ledger(paths(lat, lon)).table, ledger(paths(*fine, minutes=30)).table
    merged = coarse.merge(dense, on="id", how="outer", suffixes=("", "_dense"))
    assert np.allclose(merged["probability"], merged["probability_dense"])


def test_nothing_and_everything_are_never_certain():
    sea = ledger(paths(np.zeros((200, 3)), np.full((200, 3), -140.0)))
    assert str(sea) == "No country crossed by any of 200 members (each less than 1.5%)."
    land = ledger(paths(np.full((200, 3), 40.0), np.full((200, 3), -100.0)))
    assert "> 98.5%" in str(land)
    assert land.to_json()["crossings"][0]["id"] == "USA"


def test_time_on_the_ground_is_no_overflight():
    lat, lon = np.full((1, 5), 47.0), np.array([[0.0, 0.5, 1.0, 1.0, 1.0]])
    flown = ledger(paths(lat, lon, status=np.array([0, 0, 1, 1, 1])))
    assert flown.table["hours_q50"][0] == pytest.approx(2.0, abs=0.01)


def test_wilson_against_published_values():
    low, high = wilson(10, 20)  # Newcombe 1998, method 3: 0.2993 to 0.7007
    assert (low, high) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0, 300) == (0.0, 0.01)
    assert wilson(300, 300) == (0.99, 1.0)


def test_what_is_no_trajectory_is_refused():
    with pytest.raises(InvalidInput, match="no lat, lon"):
        ledger(xr.Dataset({"time": ("obs", np.array(["2023-01-01"], "datetime64[ns]"))}))
    with pytest.raises(InvalidInput, match="no places"):
        ledger(paths([[np.nan, np.nan]], [[0.0, 0.0]]))


@pytest.mark.parametrize(
    ("begins", "lat", "lon"),
    [
        ("RUS", [66.0, 67.0, 68.0], [180.0, 180.0, 180.0]),
        ("antarctica", [-89.5, -90.0, -89.5], [0.0, 0.0, 180.0]),
        ("antarctica", [-90.0, -89.5, -89.0], [0.0, 77.0, 77.0]),
    ],
)
def test_a_path_on_the_antimeridian_or_through_the_pole_is_not_lost(begins, lat, lon):
    table = ledger(paths([lat], [lon])).table
    assert table["id"].str.startswith(begins).all()
    assert table["hours_q50"].sum() == pytest.approx(2.0, abs=1e-6)


def test_a_place_without_a_time_is_no_part_of_a_path():
    data = paths(np.full((2, 3), 40.0), np.full((2, 3), -100.0))
    time = np.broadcast_to(data["time"].values, (2, 3)).copy()
    time[0, 0] = np.datetime64("NaT")
    row = ledger(data.drop_vars("time").assign(time=(("trajectory", "obs"), time))).table.iloc[0]
    assert row["members"] == 2
    assert row["hours_q50"] == pytest.approx(1.5, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda d: d.assign(lat=d["lat"] + 1e6), r"lat of 1\.00001e\+06, expected degrees of -90 to 90"),
        (lambda d: d.assign(lon=d["lon"] - 999), r"lon of \d+, expected degrees of -360 to 360"),
        (lambda d: d.assign(lat=d["lat"].astype(str)), "lat of type <U32, expected degrees as numbers"),
        (
            lambda d: d.assign_coords(time=("obs", [0.0, 1.0])),
            "time of type float64, expected times with their CF unit",
        ),
        (lambda d: d.assign(lon=d["lon"] * np.inf), "no places"),
        (lambda d: d.transpose("obs", "trajectory"), r"lat \(obs, trajectory\), lon \(obs, trajectory\), time \(obs\)"),
        (lambda d: d.isel(trajectory=slice(0, 0)), "no places"),
    ],
)
def test_trajectories_that_cannot_be_are_refused(change, line):
    with pytest.raises(InvalidInput, match=line):
        ledger(change(paths([10.0, 11.0], [20.0, 21.0])))
