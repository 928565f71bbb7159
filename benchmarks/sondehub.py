"""How fast telemetry of SondeHub is read: rows that are made up, as large as real ones, some of them broken.

python benchmarks/sondehub.py --rows 1000000
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from overflight.sightings import write_rejects
from overflight.sightings.sondehub import telemetry

WRONG = ({"lat": None}, {"datetime": "yesterday"}, {"alt": 1e9}, {"serial": 5})


def row(number: int, draw: random.Random) -> dict[str, object]:
    """Return a made-up row of the universal telemetry format; three receivers hear each frame."""
    flight, frame = divmod(number // 3, 6000)
    seconds = frame % 86400
    stamp = f"2023-02-{1 + flight % 28:02d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000000Z"
    receiver = f"N{draw.randrange(1000)}CALL"
    return {
        "software_name": "radiosonde_auto_rx", "software_version": "1.7.4", "uploader_callsign": receiver,
        "uploader_position": f"{50 + draw.random():.5f},{8 + draw.random():.5f}",
        "uploader_antenna": "1/4 wave monopole",
        "time_received": stamp, "datetime": stamp, "manufacturer": "Vaisala", "type": "RS41", "subtype": "RS41-SGP",
        "serial": f"S{1000000 + flight}", "frame": 1000 + frame, "lat": round(50 + frame * 1e-4, 5),
        "lon": round(8 + frame * 2e-4, 5), "alt": round(100 + frame * 5.0, 5), "temp": round(-draw.random() * 60, 1),
        "snr": round(20 * draw.random(), 1), "humidity": round(draw.random() * 100, 1),
        "pressure": round(1000 * draw.random(), 2), "vel_v": 5.01234,
        "vel_h": 12.34567, "heading": round(360 * draw.random(), 5), "sats": 9, "batt": 2.7, "frequency": 403.001,
        "burst_timer": 65535, "tx_frequency": 403.0, "position": "50.12345,8.12345",
        "ref_datetime": "GPS", "ref_position": "GPS", "rs41_mainboard": "RSM412", "rs41_mainboard_fw": "20401",
    }  # fmt: skip


def written(path: Path, rows: int, broken: int) -> None:
    """Write a JSON array; each ``rows / broken``-th row is wrong in one of four ways, or is no JSON at all."""
    draw = random.Random(1)
    each = rows // broken if broken else rows + 8
    with path.open("w") as stream:
        for number in range(rows):
            made = row(number, draw)
            kind = number // each % 5 if number % each == 7 else -1
            text = json.dumps(made | WRONG[kind] if 0 <= kind < 4 else made)
            stream.write(("[" if number == 0 else ",\n") + (text[:-40] + "}" if kind == 4 else text))
        stream.write("]\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--broken", type=int, default=1000)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.json"
        written(path, arguments.rows, arguments.broken)
        before = resource.getrusage(resource.RUSAGE_SELF)
        begun = time.perf_counter()
        found = telemetry([path])
        write_rejects(Path(folder) / "rejects.csv", found.problems)
        wall = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_SELF)
        flight = found.of(found.serials[0])
        begun = time.perf_counter()
        seen = found.sightings(flight)
        made = time.perf_counter() - begun
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"python {sys.version.split()[0]}, synthetic rows, {path.stat().st_size / 2**20:.0f} MiB")
        print(f"{found.rows:,} rows read in {wall:.2f} s, {cpu:.2f} s of CPU")
        print(f"{len(found.problems):,} rows left out and written to a rejects file, which is counted in")
        print(f"{len(found):,} frames of {len(found.serials)} flights; {found.repeated.sum():,} rows repeat a frame")
        print(f"{len(seen):,} sightings made in {made:.2f} s; peak memory {after.ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
