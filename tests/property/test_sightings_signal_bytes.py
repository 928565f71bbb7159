"""No bytes give a reader of signals and reports anything but what they hold, or a reason why not."""

from __future__ import annotations

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.errors import InvalidInput
from overflight.infer.observed import observe
from overflight.sightings import adsb, aprs, plain, soundings, wspr
from overflight.sightings.parsed import Parsed, Source

PLACE = "4903.50N/07201.75W"
FRAMES = "".join(
    f"2022-08-22 14:06:28 UTC: W7XYZ-11>{frame}\n"
    for frame in (f"APRS,WIDE1-1:!{PLACE}O/A=060000!W12!", "APRS:=/5L!!<*e7OS]S", 'S32U6T:`(_fn"Oj/"4T}', f"APRS:@221405z{PLACE}O",
                  f"APRS:;P1234567 *140628h{PLACE}O", f"APRS:}}A>B:){'BALLOON'}!{PLACE}O", "APRS:!490 .  N/0720 .  W-")
)  # fmt: skip
EXPORT = "time,lasttime,lat,lng,speed,course,altitude,comment\n2022-04-10 0:54:03,2022-04-10 01:00:00,32.4,-106.3,5,8,1787,x\n"
SPOTS = (
    "time,band,rx_sign,rx_loc,tx_sign,tx_loc,frequency,power\n2023-02-10 22:38:00,14,K1ABC,FN42,K9YO,AO57,14097060,13\n"
    "2023-02-10 22:40:00,14,K1ABC,FN42,1Y4PAS,HK08,14097060,10\n"
)
STATES = "time,icao24,lat,lon,callsign,onground,baroaltitude,geoaltitude,lastposupdate\n1676068800,0000d4,40.5,-100.2,A,false,18288,1,1676068795\n"
IGRA = (
    "#USM00072776 2023 02 01 00 2305    4 ncdc-nws ncdc-gts  474614 -1113847\n"
    "21     0  88000  1120B   10B-9999 -9999   270   100 \n20   500  70000  3000B  -50B-9999 -9999   270   100 \n"
)
REPORTS = (
    "2023-02-01 between 16:00 and 17:30 local; over Billings, MT; about 60,000 ft; source: KTVQ\n"
    "Feb 3, 2023 about noon local, seen from Cameron MO, to the north-west, 35 degrees up, between 18 and 19 km\n"
)
TABLE = 'when,where,altitude\n2023-02-01 16:00 UTC,"over 45.7, -108.5",FL600\n'


def states_in_parquet():
    stream = io.BytesIO()
    columns = {
        "timestamp": [1676068800.0],
        "icao24": ["0000d4"],
        "latitude": [40.5],
        "longitude": [-100.2],
        "altitude": [6e4],
    }
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


READERS = {
    "aprs": (aprs.parse, [FRAMES.encode("latin-1"), EXPORT.encode()]),
    "wspr": (wspr.parse, [SPOTS.encode()]),
    "adsb": (adsb.parse, [STATES.encode(), states_in_parquet()]),
    "igra": (lambda source: soundings.parse_igra(source, drift=True), [IGRA.encode()]),
    "bufr": (soundings.parse_bufr, [b"BUFR\x00\x00\x10\x04\x00\x00\x047777"]),
    "plain": (plain.parse, [REPORTS.encode(), TABLE.encode()]),
}


def held(parse, data, *, assume_utc=False):
    """Read bytes: what comes is sound enough for what follows, or is one line of refusal."""
    source = Source(name="f", data=data, digest=hashlib.sha256(data).hexdigest(), assume_utc=assume_utc)
    try:
        parsed = parse(source)
    except InvalidInput as bad:
        assert len(str(bad).splitlines()) == 1
        return
    assert isinstance(parsed, Parsed)
    for problem in parsed.problems:
        assert len(str(problem).splitlines()) == 1
    if parsed.rows:
        observe([seen for _, seen in parsed.rows])
    for line, seen in parsed.rows:
        assert line >= 1
        assert -180.0 <= seen.lon < 180.0
        assert seen.kind
        assert seen.source
        assert seen.evidence_sha256 == source.digest


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=150)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes(kind, data):
    held(READERS[kind][0], data)


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=300)
@given(data=st.data())
def test_sound_files_with_wrong_bytes(kind, data):
    parse, files = READERS[kind]
    changed = bytearray(data.draw(st.sampled_from(files)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        cut = data.draw(st.integers(0, 3))
        changed[at : at + cut] = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b"9" * 30, b"-", b",", b"nan", b"1e400", b";"]))
        )
        if not changed:
            break
    held(parse, bytes(changed), assume_utc=data.draw(st.booleans()))


@settings(max_examples=300)
@given(
    words=st.lists(
        st.sampled_from(
            ["2023-02-01", "2023-02-30", "16:00", "25:00", "noon", "about", "between", "and", "local", "UTC", "EST", "+99:00", ";", ",", "over", "near", "seen", "from", "Billings", "MT", "45.7", "-108.5", "N", "W", "to", "the", "north-west", "bearing", "400", "35", "degrees", "up", "60,000", "1e9", "ft", "m", "km", "FL600", "+-", "altitude", "source:", "note:", "overhead", "at"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_words_of_the_grammar_in_any_order(words):
    held(plain.parse, " ".join(words).encode())
