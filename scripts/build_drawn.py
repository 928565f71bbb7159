"""Draw the regions as the map shows them, from the regions that are shipped; to be run after build_regions.py.

    python scripts/build_drawn.py

The drawing takes about a minute on one core.
"""

import lzma
from pathlib import Path

from overflight.airspace import countries
from overflight.serve.regions import USUAL, collection

TARGET = Path(__file__).parent.parent / "src" / "overflight" / "serve" / "drawn" / "countries.geojson.xz"


def main() -> None:
    data = collection(countries(), USUAL)
    TARGET.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{TARGET.name}: {len(data):,} bytes, packed {TARGET.stat().st_size:,}")


if __name__ == "__main__":
    main()
