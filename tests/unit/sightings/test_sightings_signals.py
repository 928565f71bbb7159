"""One door for every kind: a file of signals or reports is known by what it holds."""

import pytest
from sources import source
from test_sightings_adsb import OPENSKY, TRAFFIC, parquet
from test_sightings_soundings import HEAD, LEVELS, message

from overflight.sightings import aprs, read

FILES = {
    "frames.log": ("aprs", b"2022-08-22 14:06:28 UTC: W7XYZ-11>APRS,WIDE1-1:!4903.50N/07201.75WO\n"),
    "export.csv": (
        "aprs",
        b"time,lasttime,lat,lng,altitude\n2022-04-10 0:54:03,2022-04-10 01:00:00,32.4,-106.3,1787\n",
    ),
    "spots.csv": ("wspr", b"time,tx_sign,tx_loc,frequency,power\n2023-02-10 22:38:00,K9YO,AO57,14097060,13\n"),
    "states.csv": ("adsb", OPENSKY.splitlines()[0].encode() + b"\n" + OPENSKY.splitlines()[1].encode()),
    "traffic.csv": ("adsb", "\n".join(TRAFFIC.splitlines()[:2]).encode()),
    "states.parquet": ("adsb", parquet()),
    "USM00072776-data.txt": ("igra", (HEAD + LEVELS).encode()),
    "sonde.bufr": ("bufr", message()),
    "seen.txt": ("plain", b"2023-02-01 16:46 local; over Billings, MT\n"),
    "seen.csv": ("plain", b'when,where\n2023-02-01 16:46 local,"over Billings, MT"\n'),
}


@pytest.mark.parametrize("name", FILES)
def test_the_kind_of_a_file(tmp_path, name):
    kind, data = FILES[name]
    (tmp_path / name).write_bytes(data)
    reading = read(tmp_path / name)
    assert {seen.kind for seen in reading.sightings} == {kind}
    assert not reading.problems


def test_several_stations_in_a_log_are_several_objects():
    log = "".join(f"1661177188 {call}>APRS:!4903.50N/07201.75WO\n" for call in ("W7XYZ-11", "W7XYZ-12"))
    assert [seen.object_label for _, seen in aprs.parse(source(log)).rows] == ["W7XYZ-11", "W7XYZ-12"]
