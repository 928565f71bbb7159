"""The engine on flows whose paths are known in closed form, and on real winds there and back."""

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr
from checks import numerics, page
from checks.numerics import ALTITUDE_M, FLOAT, ROUND_KM, START, carried, closure_m, misses_m

from overflight.drift import flows
from overflight.drift.settings import LEVEL_CHANGE_STEP_S
from overflight.flight import float_at_altitude, float_at_density, float_at_pressure
from overflight.geo import atmosphere, sphere
from overflight.winds import open_winds

SURFACES = [FLOAT, float_at_altitude(ALTITUDE_M)]  # the fast kernel and the one for all flights
SURFACE_NAMES = ["pressure", "altitude"]
STEP = np.radians(0.5)


def rotation(axis_lat, axis_lon):
    flow = flows.SolidRotation(axis_lat=axis_lat, axis_lon=axis_lon, altitude_m=ALTITUDE_M)
    return flow, flows.winds(flow, levels_hpa=(60.0, 40.0))


@pytest.mark.parametrize("flight", SURFACES, ids=SURFACE_NAMES)
@pytest.mark.parametrize("hours", [24.0, -24.0])
def test_solid_rotation_along_the_equator_comes_back_within_ten_metres_a_day(flight, hours):
    _, winds = rotation(90.0, 0.0)
    lat, lon = np.zeros(4), np.array([0.0, 90.3, 179.9, -90.0])
    out = carried(winds, flight, lat, lon, hours, start=START + timedelta(hours=12.0 - hours / 2.0))
    assert sphere.distance_m(out["end_lat"].values, out["end_lon"].values, lat, lon).max() < 10.0


@pytest.mark.parametrize("flight", SURFACES, ids=SURFACE_NAMES)
@pytest.mark.parametrize("hours", [24.0, -24.0])
@pytest.mark.parametrize("axis_lon", [0.0, 37.0])
def test_solid_rotation_through_both_poles_comes_back_within_ten_metres_a_day(axis_lon, hours, flight):
    _, winds = rotation(0.0, axis_lon)
    lat = np.array([0.0, 0.0, 60.0, -60.0, 89.5, 90.0])
    lon = sphere.wrap(axis_lon + np.array([90.0, -90.0, 90.0, 90.0, -90.0, 90.0]))
    start = START + timedelta(hours=12.0 - hours / 2.0)
    out = carried(winds, flight, lat, lon, hours, start=start, output_s=300.0)
    assert sphere.distance_m(out["end_lat"].values, out["end_lon"].values, lat, lon).max() < 10.0
    reached = out["lat"].isel(trajectory=slice(0, 4))
    assert float(reached.max("obs").min()) > 89.0  # every one of them passed both poles
    assert float(reached.min("obs").max()) < -89.0


@pytest.mark.parametrize("share", [0.5, 0.4, 0.2])
def test_between_meridians_of_the_grid_a_turning_vector_is_shortened_by_the_chord_and_by_nothing_else(share):
    """Linear interpolation between columns ``d`` apart takes ``f (1 - f) d^2 / 2`` off a vector that turns by ``d``."""
    _, winds = rotation(0.0, 30.0 + 0.5 * share)
    lat, lon = np.zeros(2), 30.0 + 0.5 * share + np.array([90.0, -90.0])
    out = carried(winds, FLOAT, lat, lon, 24.0)
    short = 1e3 * ROUND_KM * share * (1.0 - share) * STEP**2 / 2.0
    missed = sphere.distance_m(out["end_lat"].values, out["end_lon"].values, lat, lon)
    assert missed == pytest.approx(np.full(2, short), abs=10.0)


def test_a_steady_jet_carries_along_its_latitude():
    flow = flows.Jet(altitude_m=ALTITUDE_M)
    winds = flows.winds(flow, levels_hpa=(60.0, 40.0))
    lat, lon = np.array([30.0, 40.0, 45.0, 52.5]), np.array([-30.0, 0.0, 170.0, 100.0])
    out = carried(winds, FLOAT, lat, lon, 24.0)
    assert np.abs(out["end_lat"].values - lat).max() < 1e-9
    exact = flow.place(lat, lon, 86_400.0)
    # 5,184 km in float32 steps, each good to 6e-8 of itself: 0.3 m if all err to one side
    assert sphere.distance_m(out["end_lat"].values, out["end_lon"].values, *exact).max() < 2.0


def test_between_rows_a_jet_is_what_linear_interpolation_makes_of_it():
    flow = flows.Jet(altitude_m=ALTITUDE_M)
    winds = flows.winds(flow, levels_hpa=(60.0, 40.0))
    lat, lon = np.array([40.25, 44.9, 50.1]), np.array([0.0, 170.0, -30.0])
    out = carried(winds, FLOAT, lat, lon, 24.0)
    u = np.interp(lat, winds["lat"], winds["u"].isel(time=0, level=0, lon=0))
    turn = np.degrees(u * 86_400.0 / ((sphere.EARTH_RADIUS_M + ALTITUDE_M) * np.cos(np.radians(lat))))
    exact = sphere.wrap(lon + turn)
    assert (
        sphere.distance_m(out["end_lat"].values, out["end_lon"].values, lat, exact).max() < 4.0
    )  # the weight of a row is a float32 too


def test_between_levels_wind_is_linear_in_the_logarithm_of_pressure():
    flow = flows.Uniform(east_ms=(10.0,), north_ms=(0.0,))
    winds = flows.winds(flow, step_deg=2.0, levels_hpa=(60.0, 40.0))
    winds["u"] = winds["u"] * xr.DataArray([1.0, 3.0], dims="level")
    out = carried(winds, FLOAT, [0.0], [10.0], 24.0)
    speed = 10.0 + 20.0 * np.log(60.0 / 50.0) / np.log(60.0 / 40.0)
    metres = np.radians(float(out["end_lon"][0]) - 10.0) * (sphere.EARTH_RADIUS_M + ALTITUDE_M)
    assert metres == pytest.approx(86_400.0 * speed, abs=2.0)


@pytest.mark.parametrize("flight", SURFACES, ids=SURFACE_NAMES)
def test_a_uniform_wind_that_changes_in_time_moves_by_its_integral(flight):
    flow = flows.Uniform(altitude_m=ALTITUDE_M)
    winds = flows.winds(flow, levels_hpa=(60.0, 40.0))
    lat, lon = np.array([0.0, 40.0, -50.0]), np.array([175.0, 0.0, -170.0])
    far = misses_m(flow, winds, lat, lon, 24.0, flight=flight)
    assert far.max() < 1.3e6 * STEP**2 / 8.0 + 2.0  # 1,300 km; cos(lat) between rows is off by d^2 / 8 at most
    out = carried(winds, flight, lat, lon, 24.0)
    assert float(out["lon"].max()) < 180.0
    assert float(out["lon"].min()) >= -180.0


def test_a_wind_curved_in_time_is_known_as_well_as_straight_lines_between_its_times_tell():
    flow = flows.Uniform(east_ms=(10.0, 10.0, -5.0), north_ms=(0.0,), altitude_m=ALTITUDE_M)
    far = misses_m(flow, flows.winds(flow, levels_hpa=(60.0, 40.0)), [0.0], [175.0], 24.0)
    curvature, interval = 10.0 / 86_400.0**2, 6 * 3600.0
    assert far == pytest.approx(86_400.0 * curvature * interval**2 / 12.0, rel=0.01)  # the error of trapezoids: 4.5 km


def wave_misses(step_deg, interval_h):
    """Distance from the exact path at the end of each of five days [m], and the length of the path. Shape (days, n)."""
    flow = flows.Wave(altitude_m=ALTITUDE_M)
    winds = flows.winds(flow, step_deg=step_deg, hours=np.arange(0.0, 121.0, interval_h), levels_hpa=(60.0, 40.0))
    lon = np.arange(-180.0, 180.0, 15.0)
    lat = np.linspace(-40.0, 40.0, lon.size)
    out = carried(winds, FLOAT, lat, lon, 120.0, output_s=86_400.0)
    days = np.arange(1.0, 6.0)
    exact = np.array([flow.place(lat, lon, 86_400.0 * d) for d in days])
    missed = sphere.distance_m(out["lat"].values.T[1:], out["lon"].values.T[1:], exact[:, 0], exact[:, 1])
    speed = np.hypot(flow.current_ms * np.cos(np.radians(lat)), flow.amplitude_ms / np.sqrt(2.0))  # rms of the wave
    return missed, days[:, None] * 86_400.0 * speed


def test_a_travelling_wave_is_followed_to_a_thousandth_of_the_way():
    missed, path = wave_misses(0.5, 3.0)
    assert (missed < 1e-3 * path).all()


def test_what_is_left_of_the_wave_is_the_interpolation_of_the_winds():
    """Grid and times twice as coarse cost four times as much, which is the order of linear interpolation."""
    (fine, _), (coarse, _) = wave_misses(0.5, 3.0), wave_misses(1.0, 6.0)
    assert coarse.max() / fine.max() == pytest.approx(4.0, abs=0.2)


class Meanders:
    """Jets that meander and travel, over all latitudes, with a cross-polar flow: no path is known, but it leads back."""

    def velocity(self, lat, lon, seconds):
        c, x = np.cos(np.radians(lat)), np.radians(lon)
        u = 30.0 * c + 25.0 * np.sin(np.radians(4.0 * lat)) ** 2 * c + 8.0 * c * np.sin(3.0 * x + seconds / 2e4)
        v = 10.0 * c**2 * np.cos(4.0 * x - seconds / 3e4) + 5.0 * np.cos(x)
        return u + 5.0 * np.sin(np.radians(lat)) * np.sin(x), v


@pytest.mark.parametrize("flight", [float_at_pressure(5_000.0), float_at_density(0.09)], ids=["pressure", "density"])
def test_winds_that_change_in_time_lead_back_within_a_kilometre_in_five_days(flight):
    winds = flows.winds(
        Meanders(), step_deg=1.0, hours=np.arange(0.0, 121.0, 6.0), levels_hpa=(100.0, 70.0, 50.0, 30.0)
    )
    assert closure_m(winds, flight, members=200).max() < 1_000.0


@pytest.mark.parametrize("file", [file for _, file in numerics.CLOSURE_FIELDS])
@pytest.mark.parametrize(
    "flight", [f for _, f in numerics.CLOSURE_FLIGHTS], ids=[n for n, _ in numerics.CLOSURE_FLIGHTS]
)
def test_real_winds_held_lead_back_within_a_kilometre_in_five_days(shared_data, file, flight):
    assert closure_m(open_winds(shared_data / "winds" / file), flight, members=200).max() < 1_000.0


def test_the_step_of_soundings_costs_less_than_a_hundredth_of_wind_error(shared_data):
    """Two hours of 2 m/s are 15 km; at the step of floats it would be a tenth of that."""
    fine, coarse = (numerics.sounding_misses_m(shared_data, s, members=100) for s in (LEVEL_CHANGE_STEP_S, 600.0))
    assert np.median(fine) < 20.0
    assert fine.max() < 150.0
    assert coarse.max() > 1_000.0


@pytest.fixture(scope="module")
def convergence():
    return numerics.convergence()


def test_orders_of_convergence(convergence):
    """Winds linear in latitude are what linear interpolation represents exactly: no kinks at the grid's lines, so the
    order is that of the method. The winds are steady, so that no wind time cuts a step."""
    assert numerics.order(convergence["rk4"]) == pytest.approx(4.0, abs=0.1)
    assert numerics.order(convergence["rk2"]) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("method", "n"), [("rk4", 4.0), ("rk2", 2.0)])
def test_the_fast_kernel_converges_at_the_same_order(method, n):
    flow, winds = numerics.shear()
    steps = np.array([4.0, 3.0, 2.0, 1.5])  # float32 rates leave a metre or so: below 1.5 h that would be seen
    missed = [float(misses_m(flow, winds, [60.0], [20.0], 96.0, method=method, step_s=3600.0 * h)[0]) for h in steps]
    assert np.polyfit(np.log(steps), np.log(missed), 1)[0] == pytest.approx(n, abs=0.15)


def test_the_miss_of_adaptive_steps_follows_the_tolerance(convergence):
    """A tolerance a step makes steps grow as its fifth root and the miss after a given time as its power of 4/5."""
    missed = convergence["adaptive"]
    assert (np.diff(missed) < 0.0).all()  # tolerances fall
    assert numerics.tolerance_slope(missed) == pytest.approx(0.8, abs=0.12)
    assert (missed < 10.0 * np.array(numerics.TOLERANCES_M)).all()


def test_the_table_of_closed_forms_is_what_comes_out():
    """Misses of a few metres are roundings of float32: they may differ by as much elsewhere."""
    assert page.alike(numerics.closed_form_rows(), page.documented("closed forms"), relative=0.02, absolute=10.0)


def test_the_table_of_closure_is_what_comes_out(shared_data):
    """The largest of 400 is chance where the flow parts, so it is held to the bar above and not to its digits."""
    found, written = numerics.closure_rows(shared_data), page.documented("closure")
    assert page.alike([r[:4] for r in found], [r[:4] for r in written], relative=0.9, absolute=20.0)


def test_the_height_of_the_flows_is_that_of_their_pressure():
    assert float(atmosphere.pressure_pa(ALTITUDE_M)) == pytest.approx(numerics.PRESSURE_PA, rel=1e-9)
