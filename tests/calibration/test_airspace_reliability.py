"""Printed probabilities mean what they say: one member of an ensemble is the truth, the others foretell it."""

from datetime import UTC, datetime

import numpy as np

from overflight.airspace import countries, crossings
from overflight.drift import Release, Settings, flows, simulate
from overflight.flight import float_at_pressure
from overflight.winds import WindError

EXPERIMENTS, MEMBERS = 1000, 200


def test_probabilities_of_a_thousand_experiments_are_reliable():
    """Expected calibration error over ten bins (Naeini et al. 2015), of all countries that any member crossed."""
    rng = np.random.default_rng(11)
    winds = flows.winds(flows.Jet(centre_deg=48.0, width_deg=15.0), hours=np.arange(0.0, 49.0, 6.0))
    lat, lon = rng.uniform(20.0, 65.0, EXPERIMENTS), rng.uniform(-180.0, 180.0, EXPERIMENTS)
    number = MEMBERS + 1
    spread = rng.normal(0.0, 1.0, (2, EXPERIMENTS, number))
    release = Release(
        time=datetime(2023, 1, 1, tzinfo=UTC),
        lat=(lat[:, None] + spread[0]).ravel(),
        lon=(lon[:, None] + spread[1]).ravel(),
    )
    settings = Settings(output_s=3600.0, wind_error=WindError(), method="rk2", step_s=1800.0)
    data = simulate(winds, float_at_pressure(5000.0), release, hours=36.0, members=EXPERIMENTS * number, seed=2, settings=settings)  # fmt: skip
    found = crossings(data, countries(), by="country")
    crossed = np.zeros((len(found.names), EXPERIMENTS * number), bool)
    crossed[found.label, found.member] = True
    crossed = crossed.reshape(len(found.names), EXPERIMENTS, number)
    told, true = crossed[..., 1:].mean(-1), crossed[..., 0]
    asked = crossed.any(-1)
    told, true = told[asked], true[asked]
    which = np.minimum((told * 10).astype(int), 9)
    gaps = [abs(told[which == k].mean() - true[which == k].mean()) * np.mean(which == k) for k in range(10)]
    assert told.size > 3000
    assert sum(gaps) <= 0.02
