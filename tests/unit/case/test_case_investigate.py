"""The main job: in an ensemble of winds, over mountains, and what it writes."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from overflight.case.case_file import Case
from overflight.case.folder import FILES, VIEWS
from overflight.case.investigate import Plan, investigate
from overflight.case.report.case_page import case_report
from overflight.case.verify import verify
from overflight.drift import flows
from overflight.drift.kernels.output import LANDED
from overflight.errors import InvalidInput
from overflight.geo.terrain import Terrain
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


def uniform(east_ms):
    return flows.winds(
        flows.Uniform(east_ms=(east_ms,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 49.0, 6.0)
    )


HIMALAYA = """time,lat,lon,altitude_m,altitude_sd_m,position_sd_km
2023-01-01T22:00:00Z,30.0,{first},3000,50,5
2023-01-02T00:00:00Z,30.0,{last},3000,50,5
"""


@pytest.mark.parametrize(("east_ms", "into"), [(20.0, "forecast"), (-20.0, "hindcast")])
def test_members_do_not_pass_below_ground(tmp_path, east_ms, into):
    """The plain of the Ganges lies on one side, the Himalaya on the other."""
    leg_deg = round(2.0 * np.degrees(3600.0 * 20.0 / 6.374e6) / np.cos(np.radians(30.0)), 3)
    first, last = (79.0 - leg_deg, 79.0) if into == "forecast" else (79.0, 79.0 - leg_deg)
    (tmp_path / "s.csv").write_text(HIMALAYA.format(first=first, last=last))
    plan = Plan(title="synthetic", seed=3, members=60, hours_back=6.0, hours_ahead=6.0)
    found = investigate(read(tmp_path / "s.csv"), uniform(east_ms), tmp_path / "incident", plan)
    run = getattr(found, into)
    assert (run["end_status"].values == LANDED).mean() > 0.9
    above = run["altitude"].values - Terrain.load().elevation_m(run["lat"].values, run["lon"].values)
    assert above[:, 1:].min() > -60.0  # a member ends within a step of the ground
    assert any(
        f"In the {into}, " in s and "members met the ground, half of them by 2023-01-0" in s for s in found.sentences()
    )
    assert found.origin.elsewhere < 0.01
    if into == "forecast":
        china = found.ledger.table[found.ledger.table["id"] == "CHN"]
        assert china.empty or float(china["hours_q50"].max()) < 1.0  # who lies on the ground overflies nothing


def test_the_log_records_what_was_written_and_only_that(tmp_path):
    folder = tmp_path / "incident"
    folder.mkdir()
    for name in ("mine.nc", "mine.geojson"):
        (folder / name).write_text("of another")
    (tmp_path / "s.csv").write_text(ROWS)
    plan = Plan(title="synthetic", seed=3, members=20, hours_back=3.0, hours_ahead=3.0)
    investigate(read(tmp_path / "s.csv"), uniform(10.0), folder, plan)
    with Case.open(folder / "case") as case:
        records = case.records()
    recorded = {r.body["path"]: r.body["sha256"] for r in records if r.kind == "file"}
    written = set(FILES) - {"truth.csv"}  # no track was withheld
    assert set(recorded) == written
    assert {path.name for path in folder.iterdir()} == {*written, *VIEWS, "case", "mine.nc", "mine.geojson"}
    assert (folder / "report.html").read_text() == case_report(folder).html
    for name, digest in recorded.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert records[-1].kind == "closing"
    for name in written:
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(kept[:-1])
        assert f"{name} differs" in str(verify(folder / "case"))
        (folder / name).write_bytes(kept)
    assert verify(folder / "case").problems == ()


def test_sightings_that_change_meanwhile_are_refused(tmp_path):
    (tmp_path / "s.csv").write_text(ROWS)
    reading = read(tmp_path / "s.csv")
    reading = replace(reading, files=(replace(reading.files[0], sha256="00" * 32),))
    with pytest.raises(InvalidInput, match="which changed meanwhile"):
        investigate(reading, uniform(10.0), tmp_path / "incident", Plan(title="synthetic", seed=3, members=20))
    assert not (tmp_path / "incident").exists()
