from datetime import UTC, datetime

import numpy as np
import pytest

from overflight.drift import ErrorState, Release, Settings, flows, simulate
from overflight.drift.release import Starts
from overflight.drift.run import Job, Run, pack_for
from overflight.errors import InvalidInput
from overflight.flight import float_at_pressure
from overflight.winds import WindError

START = datetime(2023, 2, 1, tzinfo=UTC)
WINDS = flows.winds(
    flows.Uniform(east_ms=(0.0,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(-48.0, 49.0, 6.0)
).assign_coords(time=np.datetime64("2023-02-01", "ns") + np.arange(-48, 49, 6) * np.timedelta64(1, "h"))
MEMBERS = 400


def state(slow=0j, wave=0j, members=MEMBERS):
    return ErrorState(slow=np.full(members, slow), wave=np.full(members, wave), scale=np.ones(members))


def fly(hours, error, begin, *, members=MEMBERS, lat=0.0, seed=1, **settings):
    release = Release(time=START, lat=lat, lon=0.0)
    return simulate(WINDS, float_at_pressure(10_000.0), release, hours=hours, members=members, seed=seed,
                    settings=Settings(wind_error=error, **settings), error_state=begin)  # fmt: skip


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_slow_error_goes_on_and_decays_both_ways(sign):
    error = WindError(slow_share=1.0, slow_time_s=24 * 3600.0, tail_dof=np.inf)
    data = fly(sign * 24, error, state(slow=3.0 + 0j))
    sd = float(error.sd(100.0, 0.0))
    mean = 3.0 * sd * 24 * 3600.0 * (1.0 - np.exp(-1.0))
    east = np.radians(data["lon"].values[:, -1]) * (6_371_008.8 + 16_180.0)
    assert sign * east.mean() == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize("lat", [50.0, -50.0])
def test_a_turning_error_is_retraced_in_reversed_time(lat):
    """Without decay the wave is a circle: forward from its state it draws one, backward the same the other way."""
    error = WindError(slow_share=0.0, wave_time_s=1e8, tail_dof=np.inf)
    there = fly(6, error, state(wave=2.0 + 0j, members=1), members=1, lat=lat, output_s=600.0)
    job = Job(float_at_pressure(10_000.0), Starts(np.array([START.replace(tzinfo=None)], "datetime64[ns]"), np.array([lat]),
              np.zeros(1), None), 6.0, 1, range(1), state(wave=2.0 + 0j, members=1))  # fmt: skip
    pack = pack_for(WINDS, job.flight, Settings())
    run = Run(pack, job, Settings(wind_error=error))
    ended = run.fly()
    pack.close()
    y, x = ended.places()
    release = Release(time=there["time"].values[-1:].astype("datetime64[ns]"), lat=y, lon=x)
    back = simulate(WINDS, float_at_pressure(10_000.0), release, hours=-6.0, members=1, seed=2,
                    settings=Settings(wind_error=error), error_state=run.errors.error_state())  # fmt: skip
    far = np.hypot(there["lat"].values - lat, there["lon"].values).max()
    assert far > 0.2
    assert abs(float(back["lat"][0, -1]) - lat) < 0.03 * far
    assert abs(float(back["lon"][0, -1])) < 0.03 * far


def test_members_keep_the_error_that_they_stopped_with():
    job = Job(
        float_at_pressure(10_000.0), Release(time=START, lat=0.0, lon=0.0).draw(MEMBERS, 1), 24.0, 1, range(MEMBERS)
    )
    ends = []
    for hours in (24.0, 3.0):
        pack = pack_for(WINDS, job.flight, Settings())
        run = Run(pack, job, Settings(wind_error=WindError()))
        run.ensemble.stop = run.ensemble.start + hours * 3600.0
        run.fly()
        pack.close()
        ends.append(run.errors.error_state())
    short = Run(
        pack_for(WINDS, job.flight, Settings()),
        Job(*[getattr(job, n) for n in ("flight", "starts")], 3.0, 1, range(MEMBERS)),
        Settings(wind_error=WindError()),
    )
    short.fly()
    short.pack.close()
    assert np.array_equal(short.errors.error_state().slow, ends[1].slow)
    assert not np.array_equal(ends[0].slow, ends[1].slow)


def test_parts_and_threads_change_nothing():
    rng = np.random.default_rng(1)
    begin = ErrorState(slow=rng.normal(size=MEMBERS) + 0j, wave=1j * rng.normal(size=MEMBERS), scale=np.ones(MEMBERS))
    whole = fly(12, WindError(), begin, threads=1)
    parted = fly(12, WindError(), begin, threads=2, memory_bytes=2**20)
    assert np.array_equal(whole["lon"].values, parted["lon"].values)


def test_states_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="error state"):
        fly(3, WindError(), state(members=7))
    with pytest.raises(InvalidInput, match="error state"):
        ErrorState(slow=np.zeros(3, complex), wave=np.zeros(2, complex), scale=np.ones(3))
    with pytest.raises(InvalidInput, match="not finite"):
        ErrorState(slow=np.full(3, np.nan + 0j), wave=np.zeros(3, complex), scale=np.ones(3))
