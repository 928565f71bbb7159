"""The ledger where its answer is known: great circles, tiny states, an engine's own run."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
import xarray as xr

from overflight.airspace import Region, countries, crossings, ledger
from overflight.airspace.arrange import arrange
from overflight.airspace.shapes import shapes
from overflight.airspace.tally import Tally
from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.simulate import simulate_parts
from overflight.flight import float_at_pressure
from overflight.geo import sphere
from overflight.winds import WindError

START = datetime(2023, 1, 1, tzinfo=UTC)
SPEED_MS = 30.0


def strip(west, east):
    box = shapely.box(west, -89.0, east, 89.0)
    return arrange([Region(id="strip", name="Strip", kind="user")], np.array([box]))


def flown(lat, lon, seconds):
    time = np.datetime64("2023-02-01", "ns") + np.round(np.asarray(seconds) * 1e9).astype("timedelta64[ns]")
    fields = {"lat": np.atleast_2d(lat), "lon": np.atleast_2d(sphere.wrap(lon))}
    fields["altitude"] = np.full(fields["lat"].shape, 18_000.0)
    return xr.Dataset({n: (("trajectory", "obs"), f) for n, f in fields.items()}, {"time": ("obs", time)})


def seconds_to_meridian(lat, lon, course, meridian):
    """When a great circle at ``SPEED_MS`` meets a half meridian: the planes of the two meet in a line through both."""
    here = sphere.unit_vector(lat, lon)
    quarter = sphere.unit_vector(*sphere.move(lat, lon, course, np.pi / 2 * sphere.EARTH_RADIUS_M))
    equator, pole = sphere.unit_vector(0.0, meridian), np.array([0.0, 0.0, 1.0])
    meet = np.cross(np.cross(here, quarter), np.cross(equator, pole))
    meet *= np.sign(meet @ equator) / np.linalg.norm(meet)
    return np.mod(np.arctan2(meet @ quarter, meet @ here), 2 * np.pi) * sphere.EARTH_RADIUS_M / SPEED_MS


@pytest.mark.parametrize("hours", [0.25, 1.0, 6.0])
@pytest.mark.parametrize(
    ("lat", "lon", "course", "west"),
    [(0.0, 0.0, 60.0, 10.0), (55.0, -150.0, 80.0, -120.0), (-40.0, 160.0, 70.0, 174.0), (60.0, 170.0, 100.0, -180.0), (81.0, 20.0, 45.0, 60.0)],
)  # fmt: skip
def test_a_flight_along_a_great_circle_crosses_meridians_within_a_second_of_its_closed_form(
    lat, lon, course, west, hours
):
    seconds = np.arange(0.0, 60.0 * 3600.0 + 1, hours * 3600.0)
    found = crossings(flown(*sphere.move(lat, lon, course, SPEED_MS * seconds), seconds), strip(west, west + 5.0))
    row = found.of("strip")[0]
    assert found.entry_s[row] == pytest.approx(seconds_to_meridian(lat, lon, course, west), abs=1.0)
    assert found.exit_s[row] == pytest.approx(seconds_to_meridian(lat, lon, course, west + 5.0), abs=1.0)


@pytest.mark.parametrize("name", ["VAT", "MCO", "SMR", "SGP", "NRU"])
def test_tiny_states_are_found_on_every_pass(name):
    land = shapes(countries(), [name], by="country")[0]
    inside = shapely.get_coordinates(shapely.point_on_surface(land))[0]
    course = np.arange(0.0, 360.0, 1.0)
    ends = [sphere.move(inside[1], inside[0], course + turn, 90_000.0) for turn in (180.0, 0.0)]
    lat, lon = (np.stack([end[i] for end in ends], axis=1) for i in (0, 1))
    row = ledger(flown(lat, lon, [0.0, 3600.0])).table.set_index("id").loc[name]
    assert row["members"] == course.size


def test_a_run_looked_at_step_by_step_is_the_ledger_of_all_its_steps():
    winds = flows.winds(flows.SolidRotation(axis_lat=60.0, axis_lon=10.0), hours=np.arange(0.0, 49.0, 6.0))
    release = Release(time=START, lat=45.0, lon=5.0, position_sd_m=50_000.0)
    told = {"hours": 40.0, "members": 300, "seed": 5}
    flight, error = float_at_pressure(5000.0), WindError()
    every_step = Settings(output_s=600.0, wind_error=error, memory_bytes=2**20)
    whole = ledger(simulate(winds, flight, release, settings=every_step, **told))
    tally = Tally(countries())
    kept = list(tally.through(simulate_parts(winds, flight, release, settings=every_step, **told), 6))
    assert len(kept) > 1
    assert kept[0].sizes["obs"] == 41
    assert tally.ledger().table.equals(whole.table)
    assert np.array_equal(tally.ledger().counts, whole.counts)


def test_halving_the_step_changes_no_probability_by_more_than_a_tenth_of_a_point():
    winds = flows.winds(flows.Jet(centre_deg=45.0), hours=np.arange(0.0, 73.0, 6.0))
    release = Release(time=START, lat=46.0, lon=0.0, position_sd_m=80_000.0)
    tables = []
    for step_s in (600.0, 300.0):
        tally = Tally(countries())
        settings = Settings(step_s=step_s, output_s=step_s, wind_error=WindError())
        for part in simulate_parts(
            winds, float_at_pressure(5000.0), release, hours=60.0, members=4000, seed=1, settings=settings
        ):
            tally.add(part)
        tables.append(tally.ledger().table.set_index("id")["probability"])
    apart = tables[0].sub(tables[1], fill_value=0.0).abs()
    assert len(apart) > 15
    assert apart.max() <= 0.001


def test_a_border_between_outputs_is_met_where_the_great_circle_meets_it_also_over_the_pole():
    north = flown([[89.0, 89.0]], [[0.0, 180.0]], [0.0, 3600.0])
    found = crossings(north, strip(-180.0, -90.0))
    assert found.of("strip").size == 0  # straight over the pole, the strip ends at 89 degrees
    shifted = flown([[88.5, 88.5]], [[-80.0, -170.0]], [0.0, 3600.0])
    row = crossings(shifted, strip(-135.0, -100.0)).of("strip")
    assert row.size == 1
