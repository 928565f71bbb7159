"""Real tables of aprs.fi, and published reports of February 2023 in plain words."""

import csv
import hashlib
from datetime import timedelta
from itertools import pairwise

import pytest

from overflight.geo import sphere, times
from overflight.sightings import aprs, plain
from overflight.sightings.parsed import Source

FLIGHTS = {
    "shab/SHAB3V-APRS.csv": (576, 21_700),
    "shab/SHAB5V_APRS_Processed.csv": (479, 21_100),
    "shab/SHAB10V-APRS.csv": (37, 19_100),
    "shab/SHAB12V-APRS.csv": (649, 20_200),
    "shab14v_2022-08-22_aprs.csv": (None, None),
}
"""Fixes and greatest altitude [m], as the notes beside the data state them."""

REPORTS = """\
2023-02-01 18:46 EST; filmed from Billings, Montana; about 60,000 ft; object: A
2023-02-03 09:41 EST; seen in Sabetha, Kansas; 60,000 ft; object: A
2023-02-03 11:00 EST; filmed from Saint Joseph, Missouri; 60,000 ft; object: A
2023-02-03 11:30 EST; filmed from Lee's Summit, Missouri; 60,000 ft; object: A
2023-02-04 08:40 EST; filmed from Asheville, North Carolina; 60,000 ft; object: A
2023-02-04 14:39 -05:00; near 33.53, -78.90; between 60,000 and 65,000 ft; object: A
"""
"""The reports that name a town, or a place near the coast, in words (ABC News timeline; US military official)."""


def given(data, name):
    return Source(name=name, data=data, digest=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("name", FLIGHTS)
def test_every_fix_of_a_real_flight(shared_data, name):
    path = shared_data / "flights" / name
    data = path.read_bytes()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        given_rows = [row for row in csv.DictReader(stream) if row["time"].strip()]
    read = aprs.parse(given(data, path.name))
    assert len(read.rows) + len(read.problems) == len(given_rows)
    assert len(read.problems) <= 0.01 * len(given_rows), read.problems[:3]
    count, highest_m = FLIGHTS[name]
    if count is not None:
        assert len(given_rows) == count
        assert max(s.altitude.value_m for _, s in read.rows) == pytest.approx(highest_m, abs=100)
    # Neighbours in time are never farther apart than the strongest wind carries.
    seen = sorted((s for _, s in read.rows), key=lambda s: s.time)
    for a, b in pairwise(seen):
        apart_m = float(sphere.distance_m(a.lat, a.lon, b.lat, b.lon))
        assert apart_m <= 100.0 * ((b.time - a.time).total_seconds() + 60.0)


def test_reports_in_words_are_where_and_when_the_table_has_them(shared_data):
    with (shared_data / "incident-2023" / "incident_2023.csv").open(encoding="utf-8", newline="") as stream:
        table = [row for row in csv.DictReader(stream) if row["object"].startswith("Chinese balloon") and row["alt_m"]]
    read = plain.parse(given(REPORTS.encode(), "reports.txt"))
    assert not read.problems
    assert len(read.rows) == len(table) == 6
    for (_, seen), row in zip(read.rows, table, strict=True):
        assert abs(seen.time - times.parse_utc(row["time_utc"])) <= timedelta(minutes=1)
        assert float(sphere.distance_m(seen.lat, seen.lon, float(row["lat"]), float(row["lon"]))) < 15_000.0
        assert seen.altitude.value_m == pytest.approx(float(row["alt_m"]), abs=3.0 * seen.altitude.sd_m)
        # What the table's maker read as 60 to 100 km about a town is a disc of that order here.
        if row["place"].split(",")[0] not in ("Atlantic",):
            assert 0.4 < seen.position_sd_m / 1000.0 / float(row["uncertainty_km"]) < 1.0
