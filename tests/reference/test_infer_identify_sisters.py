"""Two real balloons of one morning, over New Mexico and Arizona: a fix of one is told from the other's track."""

import csv
from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pytest

from overflight.infer import identify
from overflight.infer.candidates import Candidate
from overflight.sightings import Altitude, Sighting

FILES = {name: f"{name.lower()}_2022-08-22_aprs.csv" for name in ("SHAB12V", "SHAB14V")}


def fixes(name):
    text = (resources.files("overflight.case") / "demo_data" / FILES[name]).read_text(encoding="utf-8")
    rows = {
        r["time"]: (float(r["lat"]), float(r["lng"]), float(r["altitude"])) for r in csv.DictReader(text.splitlines())
    }
    times = np.array([t.replace(" ", "T") for t in rows], "datetime64[ns]")
    order = np.argsort(times)
    return times[order], np.array(list(rows.values()))[order]


def track(name, *, every, leave_out=None):
    times, places = fixes(name)
    kept = np.arange(0, times.size, every)
    if leave_out is not None:  # and the half hour about the fix that is to be recognised
        kept = kept[np.abs(times[kept] - leave_out) > np.timedelta64(15, "m")]
    return Candidate(name=name, kind="track", time=times[kept], lat=places[kept, 0], lon=places[kept, 1],
                     altitude_m=places[kept, 2], source="APRS")  # fmt: skip


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("hour", [17, 19, 21, 23])
def test_a_withheld_fix_is_given_to_its_own_balloon(name, hour):
    times, places = fixes(name)
    i = int(np.argmin(np.abs(times - np.datetime64(f"2022-08-22T{hour}:00"))))
    seen = Sighting(
        time=datetime.fromisoformat(str(times[i].astype("datetime64[s]"))).replace(tzinfo=UTC), time_sd_s=60.0,
        lat=places[i, 0], lon=places[i, 1], position_sd_m=2_000.0, object_label="", source="", note="", evidence_sha256="",
        altitude=Altitude(value_m=places[i, 2], sd_m=300.0, reference="geometric"),
    )  # fmt: skip
    found = identify([seen], [track(n, every=10, leave_out=times[i]) for n in FILES], None, seed=1)
    assert found.matches[0].name == name
    assert found.matches[0].sigmas < 3.5
    alone = identify([seen], [track(n, every=10) for n in FILES if n != name], None, seed=1)
    assert alone.grade != "identified", alone
