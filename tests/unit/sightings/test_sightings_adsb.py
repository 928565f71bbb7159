"""State vectors as `traffic` and OpenSky write them, CSV and Parquet."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources import ERRORS, source

from overflight.errors import InvalidInput
from overflight.sightings import adsb

TRAFFIC = (
    ",timestamp,icao24,callsign,latitude,longitude,altitude,geoaltitude,groundspeed,track,vertical_rate,onground,category\n"
    "0,2023-02-10 22:40:00+00:00,0000d4,HBAL617,40.5,-100.25,60000.0,61000.0,20.0,90.0,0.0,False,B2\n"
    "1,2023-02-10 22:40:01+00:00,3e1234,DLH400,40.6,-100.2,35000.0,,450.0,90.0,0.0,False,A5\n"
    "2,2023-02-10 22:40:02+00:00,0000d4,HBAL617,,,60000.0,61000.0,20.0,90.0,0.0,False,B2\n"
    "3,2023-02-10 22:40:03+00:00,0000d4,HBAL617,40.6,-100.2,,61000.0,20.0,90.0,0.0,False,B2\n"
)
OPENSKY = (
    "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,baroaltitude,geoaltitude,lastposupdate,category\n"
    "1676068800,0000d4,40.5,-100.25,10.2,90,0,HBAL617 ,false,18288.0,18500.0,1676068795.5,10\n"
    "1676068810,0000d4,40.5,-100.25,10.2,90,0,HBAL617 ,false,18288.0,18500.0,1676068795.5,10\n"
    "1676068820,0000d4,40.5,-100.2,10.2,90,0,HBAL617 ,true,0.0,0.0,1676068819.5,10\n"
    "1676068830,4b1234,46.5,7.2,30,90,0,HB1234  ,false,2000.0,,1676068829.5,9\n"
)


def test_a_table_of_traffic_is_in_feet():
    read = adsb.parse(source(TRAFFIC))
    assert not read.problems
    first, second, third = (seen for _, seen in read.rows)
    assert first.time == datetime(2023, 2, 10, 22, 40, tzinfo=UTC)
    assert (first.source, first.object_label, first.kind) == ("0000d4", "0000d4", "adsb")
    assert first.altitude is not None
    assert first.altitude.value_m == pytest.approx(18_288.0)
    assert (first.altitude.reference, first.altitude.sd_m) == ("pressure", ERRORS.altitude_sd_m)
    assert first.note == "callsign HBAL617 · category B2"
    assert second.source == "3e1234"  # an address, and no number
    assert third.altitude is not None
    assert (third.altitude.value_m, third.altitude.reference) == (pytest.approx(18_592.8), "geometric")
    assert read.passed_over == {"no position": 1}


def test_a_table_of_opensky_is_in_metres_and_repeats_positions():
    read = adsb.parse(source(OPENSKY))
    first, glider = (seen for _, seen in read.rows)
    assert first.time == datetime(2023, 2, 10, 22, 39, 55, 500_000, tzinfo=UTC)
    assert first.altitude is not None
    assert (first.altitude.value_m, first.altitude.reference) == (18_288.0, "pressure")
    assert glider.source == "4b1234"
    assert read.passed_over == {"repeated state": 1, "on the ground": 1}


def test_lighter_than_air_alone():
    """OpenSky numbers it 10; 9 is a glider."""
    read = adsb.parse(source(OPENSKY), lighter_than_air=True)
    assert {seen.source for _, seen in read.rows} == {"0000d4"}
    assert read.passed_over["not lighter than air"] == 1
    assert len(adsb.parse(source(TRAFFIC), lighter_than_air=True).rows) == 2
    without = TRAFFIC.replace(",category", "").replace(",B2", "").replace(",A5", "")
    with pytest.raises(InvalidInput, match="no category"):
        adsb.parse(source(without), lighter_than_air=True)


def parquet(zone="UTC", **columns):
    times = pa.array([datetime(2023, 2, 10, 22, 40), datetime(2023, 2, 10, 22, 41)], pa.timestamp("ns", tz=zone))  # noqa: DTZ001
    given = {"timestamp": times, "icao24": ["0000d4", "0000d4"], "latitude": [40.5, None], "longitude": [-100.25, None],
             "altitude": [60_000.0, None], "squawk": ["1", "2"]}  # fmt: skip
    stream = io.BytesIO()
    pq.write_table(pa.table({**given, **columns}), stream)
    return stream.getvalue()


def test_parquet_is_read_as_the_text_is():
    read = adsb.parse(source(parquet()))
    ((line, seen),) = read.rows
    assert (line, seen.time) == (1, datetime(2023, 2, 10, 22, 40, tzinfo=UTC))
    assert seen.altitude is not None
    assert seen.altitude.value_m == pytest.approx(18_288.0)
    assert read.passed_over == {"no position": 1}


def test_parquet_times_without_a_zone_are_refused_or_said_to_be_utc():
    data = parquet(zone=None)
    assert "offset" in str(adsb.parse(source(data)).problems[0])
    assert adsb.parse(source(data, assume_utc=True)).rows[0][1].time == datetime(2023, 2, 10, 22, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PAR1 and then nothing", "Parquet"),
        (parquet()[:-20], "Parquet"),
        (b"lat,lon\n1,2\n", "icao24"),
        (parquet(icao24=pa.array([None, None], pa.string())), ""),
    ],
)
def test_tables_that_cannot_be_read(data, words):
    try:
        read = adsb.parse(source(data))
    except InvalidInput as bad:
        assert words in str(bad)
    else:
        assert "icao24" in str(read.problems[0])


def test_bad_rows_are_told():
    bad = (
        TRAFFIC
        + "4,2023-02-10 22:40:04+00:00,0000d4,X,95.0,-100.2,1,1,1,1,1,False,B2\n5,later,0000d4,X,5,5,1,1,1,1,1,False,B2\n"
    )
    problems = [str(problem) for problem in adsb.parse(source(bad, "s.csv")).problems]
    assert problems[0].startswith("s.csv:6: latitude: got '95.0'")
    assert problems[1].startswith("s.csv:7: time: got 'later'")
