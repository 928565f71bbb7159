"""Ledgers of real flights against lists of countries that were read off a map by hand."""

import csv
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from overflight.airspace import countries, ledger
from overflight.airspace.labels import strongest

SWISS = ["18-11-17", "18-4-6_1", "18-4-6_2", "18-5-19", "18-5-6", "18-6-16", "18-6-30", "19-2-2"]
HAND_CHECKED = {
    **dict.fromkeys(SWISS, ("CHE",)),  # between Lake Geneva and the Bernese Alps
    "18-8-11": ("DNK",),  # West Greenland, off Ilulissat
    "18-8-6": ("DNK",),
    "19-2-9": ("CHE", "FRA", "ITA"),  # from Geneva over the Mont Blanc massif and the Aosta valley to Ticino
    "19-3-11": ("CHE", "FRA", "ITA"),  # from Geneva to the Ligurian Alps
    "19-5-31": ("CHE", "FRA"),  # Geneva and Savoy
    **dict.fromkeys(["19-4-19", "19-4-21", "19-4-22", "19-4-24", "19-7-26", "19-7-30"], ("MAR",)),
}


def flown(time, lat, lon, altitude):
    order = np.argsort(time, kind="stable")
    fields = {"lat": lat[order], "lon": lon[order], "altitude": altitude[order]}
    return xr.Dataset({name: ("obs", values) for name, values in fields.items()}, {"time": ("obs", time[order])})


def fixes(path):
    """Rows of time, latitude, longitude and altitude; a leading id and what follows differ from row to row."""
    rows = []
    with path.open() as stream:
        for row in csv.reader(stream):
            date = next((k for k, cell in enumerate(row) if cell.count("/") == 2), None)
            if date is not None:
                when = pd.to_datetime(f"{row[date].strip()} {row[date + 1].strip()}", dayfirst=True)
                rows.append((when.to_datetime64(), *(float(cell) for cell in row[date + 2 : date + 5])))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


@pytest.mark.parametrize("name", sorted(HAND_CHECKED))
def test_countries_of_a_weather_balloon(shared_data, name):
    time, *place = fixes(shared_data / "flights" / "hab-alps-greenland-morocco" / f"{name}.csv")
    found = ledger(flown(time.astype("datetime64[ns]"), *place))
    assert tuple(sorted(found.crossed["id"])) == HAND_CHECKED[name]


@pytest.mark.parametrize("name", ["SHAB3V-APRS", "SHAB5V_APRS_Processed", "SHAB10V-APRS", "SHAB12V-APRS"])
def test_solar_balloons_of_arizona_and_new_mexico_stay_in_one_country(shared_data, name):
    table = pd.read_csv(shared_data / "flights" / "shab" / f"{name}.csv")
    time = pd.to_datetime(table["time"]).to_numpy().astype("datetime64[ns]")
    place = (table[column].to_numpy(np.float64) for column in ("lat", "lng", "altitude"))
    found = ledger(flown(time, *place))
    assert list(found.table["id"]) == ["USA"]


@pytest.mark.parametrize(
    ("what", "lat", "lon", "expected"),
    [
        ("off Surfside Beach, six nautical miles out", 33.53, -78.90, ("USA-sea",)),
        ("Lake Huron", 45.0259, -82.45, ("CAN-water",)),
        ("central Yukon", 65.2056, -138.5117, ("CAN",)),
        ("Hainan", 19.2, 109.7, ("CHN",)),
        ("San Jose, Costa Rica", 9.9, -84.1, ("CRI",)),
        ("Billings", 45.78, -108.5, ("USA",)),
        ("south of Nova Scotia", 41.812, -59.958, ()),
    ],
)
def test_places_of_published_reports(what, lat, lon, expected):
    regions = countries()
    face = regions.partition.faces(np.array([lat]), np.array([lon]))[0]
    found = strongest(regions.partition.covers[face], regions.regions)
    assert tuple(regions.regions[k].id for k in found) == expected, what


def test_regions_overlap_nowhere():
    """Neighbours' seas, land and waters fit edge to edge: no face has two of them."""
    assert Counter(map(len, countries().partition.covers)).keys() <= {0, 1}
