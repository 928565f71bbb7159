"""Real descents followed frame by frame; the figures are those of docs/method/recover.md."""

import numpy as np
import pytest
from checks import flown, live
from scipy.stats import binom


@pytest.fixture(scope="module")
def followed(shared_data):
    if not (shared_data / flown.FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    return live.followed(shared_data, members=200)


def test_the_miss_falls_as_frames_come(followed):
    miss = np.array([x.miss_km for x in followed])
    assert len(followed) == 17
    assert np.median(miss[:, 3]) < 0.6 * np.median(miss[:, 0])
    assert miss[:, 3].mean() < 0.75 * miss[:, 0].mean()


def test_the_density_tightens_with_each_quarter(followed):
    assert (np.diff(np.median([x.radius_90_km for x in followed], axis=0)) < 0.0).all()


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("part", range(len(live.PARTS)))
def test_regions_hold_on_the_way(followed, share, part):
    inside = sum(x.level[part] < share for x in followed)
    low, high = binom.ppf((0.02, 0.98), len(followed), share)
    assert low <= inside <= high
