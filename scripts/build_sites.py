"""Build the list of radiosonde stations from NOAA's station listing as a table.

    python scripts/build_sites.py radiosonde_stations.csv

The table has the columns wmo, icao, name, country_code_fips, elev_m, lat, lon of NOAA's RAOB station listing of
2018-12-21 (public domain). Entries less than 0.05 degree apart are one station, the first of them.
"""

import csv
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src" / "overflight" / "infer" / "data" / "radiosonde_stations.csv"
APART_DEG = 0.05


def place_name(row: dict[str, str]) -> str:
    """Return the name without province and country: those are codes of NOAA's own, CN is Canada."""
    return " ".join(row["name"].partition(",")[0].split()).title()


def main(path: str) -> None:
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    taken: set[tuple[int, int]] = set()
    kept = []
    for row in rows:
        lat, lon = float(row["lat"]), float(row["lon"])
        place = round(lat / APART_DEG), round(lon / APART_DEG)
        if not (abs(lat) <= 90 and abs(lon) <= 180) or place in taken:
            continue
        taken.add(place)
        kept.append((f"{place_name(row)}, WMO {row['wmo']}", f"{lat:.2f}", f"{lon:.2f}", row["elev_m"]))
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("name", "lat", "lon", "elev_m"))
        table.writerows(kept)
    print(f"{len(kept)} of {len(rows)} entries, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
