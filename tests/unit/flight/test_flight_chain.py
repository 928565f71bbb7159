"""Phases, chains, and what each member draws."""

import numpy as np
import pytest

from overflight import flight as fl
from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.debris import DebrisClass, DebrisFall
from overflight.flight.phases import Ascent, Descent, Float, Lift, Recorded
from overflight.flight.superpressure import Superpressure
from overflight.flight.until import Until
from overflight.flight.zero_pressure import ZeroPressure
from overflight.geo import atmosphere
from overflight.geo.spread import Spread

TOP = Until("altitude", 30_000.0)


def test_rows_have_the_shape_the_engine_reads() -> None:
    codes, rows = fl.sounding(5.0, 30_000.0, 5.0).rows(1, 7)
    assert codes.dtype == np.int64
    assert codes.tolist() == [kernels.ASCENT, kernels.DESCENT]
    assert rows.shape == (7, 2, kernels.N_PARAMETERS)
    assert rows.dtype == np.float64
    assert rows.flags.c_contiguous


def test_members_draw_their_own_and_the_same_in_parts() -> None:
    flight = fl.sounding(Spread("normal", 5.0, 0.5), Spread("normal", 30_000.0, 1_000.0), Spread("lognormal", 5.0, 0.2))
    whole = flight.rows(7, 100)[1]
    part = flight.rows(7, 40, first_member=60)[1]
    np.testing.assert_array_equal(whole[60:], part)
    assert len(np.unique(whole[:, 0, 1])) == 100
    assert not np.array_equal(whole, flight.rows(8, 100)[1])


def test_two_phases_of_one_kind_draw_apart() -> None:
    speed = Spread("lognormal", 10.0, 0.3)
    down = Descent(ballistic_kg_m2=speed, until=Until("altitude", 5_000.0))
    rows = fl.Flight(phases=(down, Descent(ballistic_kg_m2=speed))).rows(1, 500)[1]
    assert abs(np.corrcoef(rows[:, 0, 0], rows[:, 1, 0])[0, 1]) < 0.15


def test_an_ascent_ends_on_the_very_surface_that_its_member_floats_on() -> None:
    level = Float(surface="density", standard_altitude_m=Spread("uniform", 15_000.0, 20_000.0))
    rows = fl.Flight(phases=(Ascent(rate_ms=4.0, until=Until("next_surface")), level)).rows(3, 50)[1]
    np.testing.assert_array_equal(rows[:, 0, kernels.STOP_VALUE], rows[:, 1, 0])
    assert (rows[:, 0, kernels.STOP_RULE] == kernels.STOP_UNDER_KG_M3).all()


def test_draws_outside_the_physical_range_are_brought_to_its_end() -> None:
    rows = fl.sounding(Spread("normal", 1.0, 5.0), 30_000.0, 5.0).rows(1, 300)[1]
    assert rows[:, 0, 1].min() == 0.01


def test_levels_given_as_standard_altitudes() -> None:
    def value(surface: str) -> float:
        phase = Float(surface=surface, standard_altitude_m=18_000.0)
        return float(fl.Flight(phases=(phase,)).rows(1, 1)[1][0, 0, 0])

    assert value("pressure") == pytest.approx(float(atmosphere.pressure_pa(18_000.0)))
    assert value("density") == pytest.approx(float(atmosphere.density_kg_m3(18_000.0)))
    assert value("height") == 18_000.0


def test_an_unknown_level_is_uniform_in_altitude() -> None:
    density = fl.float_at_unknown_level(10_000.0, 20_000.0).rows(1, 4_000)[1][:, 0, 0]
    altitude = np.sort(atmosphere.altitude_of_density_m(density))
    uniform = np.linspace(10_000.0, 20_000.0, 4_000)
    assert np.abs(altitude - uniform).max() < 10_000.0 * 1.63 / np.sqrt(4_000)  # Kolmogorov, 1 %


def test_a_superpressure_balloon_floats_where_it_displaces_its_mass() -> None:
    row = fl.superpressure(10.0, 100.0, compliance_per_pa=1e-5, day_warming_k=20.0).rows(1, 1)[1][0, 0]
    assert row[0] == 0.1
    growth = 1e-5 * 0.1 * 287.05287 * 20.0
    assert kernels.target(kernels.FLOAT_DENSITY, row, 0.0, 1.0) == pytest.approx(0.1 / (1.0 + growth))


def test_lift_is_what_the_gas_displaces_beyond_all_masses() -> None:
    lift = Lift(payload_kg=1.0, envelope_kg=1.2, free_lift_kg=0.8)
    row = fl.Flight(phases=(Ascent(lift=lift, until=Until("diameter", 8.0)), Descent(sea_level_speed_ms=5.0))).rows(
        1, 1
    )
    displaced = row[1][0, 0, 1]
    helium = displaced * 4.002602 / 28.9644
    assert displaced - helium - 1.0 - 1.2 == pytest.approx(0.8)


def test_recorded_altitudes_become_a_table() -> None:
    times = np.array(["2018-05-06T04:00", "2018-05-06T04:01", "2018-05-06T04:03"], "datetime64[ns]")
    flight = fl.Flight(phases=(Recorded(times=times, altitude_m=[500.0, 800.0, 1_400.0], offset_m=20.0),))
    table = flight.recorded()
    assert table is not None
    np.testing.assert_array_equal(np.diff(table[0]), [60.0, 120.0])
    assert table[0][0] == 1_525_579_200.0
    assert flight.rows(1, 2)[1][:, 0, 0].tolist() == [20.0, 20.0]
    assert fl.float_at_pressure(5_000.0).recorded() is None


def test_debris_members_fall_in_their_class_by_share() -> None:
    classes = (
        DebrisClass(name="film", ballistic_kg_m2=0.1, share=3.0),
        DebrisClass(name="payload", ballistic_kg_m2=100.0, share=1.0),
    )
    speed = fl.debris(classes).rows(5, 4_000)[1][:, 0, 0]
    light = np.isclose(speed, np.sqrt(2.0 * 0.1 * 9.80665))
    assert np.isclose(speed[~light], np.sqrt(2.0 * 100.0 * 9.80665)).all()
    np.testing.assert_array_equal(fl.debris(classes).debris_classes(5, 4_000) == "film", light)
    assert fl.float_at_pressure(5_000.0).debris_classes(5, 10) is None
    assert abs(light.mean() - 0.75) < 3.0 * np.sqrt(0.75 * 0.25 / 4_000)


def test_what_can_run_backward() -> None:
    assert fl.float_at_density(0.1).is_reversible
    assert not fl.sounding(5.0, 30_000.0, 5.0).is_reversible
    assert not fl.Flight(phases=(ZeroPressure(dry_kg=100.0, volume_m3=1e4),)).is_reversible


def test_what_needs_the_sun() -> None:
    assert fl.float_at_density(0.1, day_change=-0.01).needs_sun
    assert not fl.float_at_density(0.1).needs_sun
    assert not fl.sounding(5.0, 30_000.0, 5.0).needs_sun
    assert fl.Flight(phases=(ZeroPressure(dry_kg=100.0, volume_m3=1e4),)).needs_sun


def test_a_launch_above_the_burst_is_refused() -> None:
    flight = fl.sounding(5.0, 2_000.0, 5.0)
    flight.check_launch(1_999.0)
    with pytest.raises(
        InvalidInput, match="burst altitude: got 2000 m, expected more than the launch altitude of 2500 m"
    ):
        flight.check_launch(2_500.0)


def test_a_launch_above_the_float_is_refused() -> None:
    flight = fl.tawhiri_float(5.0, Spread("normal", 2_000.0, 100.0))
    flight.check_launch(1_999.0)
    line = "float altitude: got 2000 m, expected more than the launch altitude of 2000 m"
    with pytest.raises(InvalidInput, match=line):
        flight.check_launch(2_000.0)
    fl.float_at_altitude(2_000.0).check_launch(9_000.0)  # it begins on its level, wherever it was released


BAD = [
    (lambda: fl.sounding(-5.0, 30_000.0, 5.0), "ascent rate: got -5, expected 0.01 to 100 m/s"),
    (lambda: fl.sounding(5.0, float("nan"), 5.0), "until altitude: got nan"),
    (lambda: fl.sounding(5.0, 30_000.0, 0.0), "sea_level_speed_ms: got 0"),
    (lambda: fl.sounding(5.0, "high", 5.0), "until altitude: got 'high', expected a number, a Spread or Given values"),  # type: ignore[arg-type]
    (lambda: fl.float_at_pressure(-1.0), "float pressure: got -1"),
    (lambda: fl.float_at_altitude(99_000.0), "float height: got 99000, expected -500 to 60000 m"),
    (lambda: fl.float_at_density(5.0), "float density: got 5"),
    (lambda: fl.float_at_density(0.1, day_change=2.0), "day_change"),
    (lambda: fl.float_at_unknown_level(20_000.0, 10_000.0), "level: got 20000 to 10000 m"),
    (lambda: Float(surface="mood", value=1.0), "surface: got 'mood', expected pressure, height, density"),  # type: ignore[arg-type]
    (lambda: Float(surface="height"), "float: got both or neither"),
    (lambda: Float(surface="height", value=1.0, until=TOP), "until: got altitude, expected duration"),
    (lambda: Ascent(until=TOP), "ascent: got both or neither, expected rate_ms or lift"),
    (lambda: Ascent(rate_ms=5.0, until=Until("diameter", 8.0)), "a diameter needs lift"),
    (Descent, "descent: got both or neither"),
    (lambda: Descent(sea_level_speed_ms=5.0, air="moon"), "air: got 'moon', expected winds or tawhiri"),  # type: ignore[arg-type]
    (lambda: Descent(sea_level_speed_ms=5.0, until=Until("diameter", 2.0)), "until: got diameter"),
    (lambda: Descent(ballistic_kg_m2=5.0, density_exponent=0.6), "it needs sea_level_speed_ms"),
    (lambda: Until("mood", 1.0), "until: got 'mood'"),  # type: ignore[arg-type]
    (lambda: Until("duration", float("inf")), "until duration: got inf"),
    (lambda: Lift(payload_kg=1.0, envelope_kg=1.0, free_lift_kg=1.0, gas="neon"), "helium or hydrogen"),  # type: ignore[arg-type]
    (lambda: Superpressure(gross_kg=1e4, volume_m3=1.0), "gross_kg / volume_m3: got 10000"),
    (lambda: ZeroPressure(dry_kg=0.0, volume_m3=1e4), "dry_kg: got 0, expected more than 0 kg"),
    (
        lambda: ZeroPressure(dry_kg=9.0, volume_m3=1e4, day_excess_k=0.0, night_excess_k=5.0),
        "at most day_excess_k",
    ),
    (lambda: ZeroPressure(dry_kg=9.0, volume_m3=1e4, until=Until("diameter", 9.0)), "until: got diameter"),
    (lambda: DebrisFall(classes=()), "debris: got no class"),
    (lambda: DebrisClass(name="film", ballistic_kg_m2=0.1, share=-1.0), "share of film: got -1"),
    (lambda: fl.Flight(phases=()), "flight: got 0 phases"),
    (lambda: fl.Flight(phases=(Descent(sea_level_speed_ms=5.0),) * 2), "phase 1: got descent without end"),
    (
        lambda: fl.Flight(phases=(Ascent(rate_ms=5.0, until=Until("next_surface")),)),
        "expected a float after it",
    ),
    (
        lambda: fl.Flight(phases=(Ascent(rate_ms=5.0, until=TOP),) * 2),
        "phase 2: got an end at 30000 m, expected above",
    ),
    (lambda: fl.sounding(5.0, 30_000.0, 5.0).rows(1, 0), "members: got 0"),
    (lambda: Recorded(times=["2020-01-01"], altitude_m=[1.0]), "expected two or more of each"),
    (lambda: Recorded(times=["2020-01-02", "2020-01-01"], altitude_m=[1.0, 2.0]), "strictly increasing"),
    (
        lambda: Recorded(times=["2020-01-01", "2020-01-02"], altitude_m=[1.0, float("nan")]),
        "recorded altitude",
    ),
]


@pytest.mark.parametrize(("make", "text"), BAD, ids=[text[:40] for _, text in BAD])
def test_bad_input_is_refused_in_one_clear_line(make, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput) as caught:
        make()
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_fall_may_end_only_below_where_it_starts() -> None:
    up = Ascent(rate_ms=5.0, until=Until("altitude", 10_000.0))
    with pytest.raises(InvalidInput, match="below 10000 m"):
        fl.Flight(
            phases=(
                up,
                Descent(sea_level_speed_ms=5.0, until=Until("altitude", 12_000.0)),
                Descent(sea_level_speed_ms=4.0),
            )
        )


def test_the_front_door_is_what_it_says() -> None:
    assert all(hasattr(fl, name) for name in fl.__all__)
    assert len(fl.__all__) <= 12
