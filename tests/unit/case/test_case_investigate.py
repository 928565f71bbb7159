"""The main job in an ensemble of winds."""

import numpy as np
import xarray as xr

from overflight.case.investigate import Plan, investigate
from overflight.case.log import verify
from overflight.drift import flows
from overflight.sightings import read

ROWS = """time,lat,lon,altitude_m,position_sd_km
2023-01-01T12:00:00Z,40.0,0.0,20600,10
2023-01-01T18:00:00Z,40.0,2.0,20600,10
2023-01-02T00:00:00Z,40.0,4.0,20600,10
"""


def test_an_ensemble_of_winds_carries_what_lies_before_and_after(tmp_path):
    each = [
        flows.winds(flows.Uniform(east_ms=(speed,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 49.0, 6.0))
        for speed in (9.0, 10.0, 11.0)
    ]
    winds = xr.concat(each, dim="member").assign_coords(member=[0, 1, 2])
    (tmp_path / "s.csv").write_text(ROWS)
    found = investigate(read(tmp_path / "s.csv"), winds, tmp_path / "incident",
                        Plan(title="synthetic", seed=3, members=60, hours_back=6.0, hours_ahead=12.0))  # fmt: skip
    assert set(found.forecast["wind_member"].values) == {0, 1, 2}
    assert set(found.hindcast["wind_member"].values) == {0, 1, 2}
    assert "Track and drift test rest on member 0 of the winds, before and after on all 3." in found.sentences()
    end = found.forecast["end_lon"].groupby(found.forecast["wind_member"]).mean().values
    assert (np.diff(end) > 0.2).all()
    assert verify(tmp_path / "incident" / "case").problems == ()
