"""What a case must hold: kills in mid-write, flipped bits, and 100,000 records.

    python benchmarks/case.py [--kills 1000] [--flips 10000] [--records 100000] [--store URL]

Kills: a child process appends groups of 1 to 20 records and tells each hash when it is acknowledged; it is killed with
SIGKILL at a random moment, and another goes on. In the end every acknowledged record is there, and the case verifies.
Flips: one bit of a case of 10 MB (a store of 6 MB, evidence of 4 MB) at a random place of any of its files. Each is put
to the part of the verification that covers the file, every hundredth to the whole of it.
Records: appended in groups of 500, each on the disk when it returns; then verified.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import select
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from overflight.case.case_file import Case
from overflight.case.files import file_problem
from overflight.case.keys import SecretKey
from overflight.case.record import Draft
from overflight.case.seal import SEAL, check_seal
from overflight.case.store import FILE
from overflight.case.verify import verify

GROUP = 500
HASH_LINE = 65
NOTE = "a light in the sky, seen from the road to the north of the lake; it did not move for the time of a cigarette"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    rounds: int
    acknowledged: int
    lost: int
    problems: tuple[str, ...]


def drafts(first: int, count: int) -> list[Draft]:
    body = {"time": "2023-02-01T00:00:00Z", "lon": -110.25, "note": NOTE}
    return [Draft(kind="sighting", body={**body, "lat": 45.0 + n / 1e5, "n": n}) for n in range(first, first + count)]


def kills(folder: Path, rounds: int, *, seed: int, store: str = "", longest_s: float = 0.06) -> Kills:
    """Kill writers at random moments, and count what they were told is kept and is not."""
    rng = random.Random(seed)
    with Case.create(folder, title="kills", store=store):
        pass
    told: set[str] = set()
    problems: list[str] = []
    for number in range(rounds):
        told.update(_killed(folder, rng.random() * longest_s, rng.randrange(2**30)))
        if number % 100 == 99:
            problems += verify(folder).problems
    problems += verify(folder).problems
    with Case.open(folder) as case:
        kept = {record.hash for record in case.records()}
    return Kills(rounds=rounds, acknowledged=len(told), lost=len(told - kept), problems=tuple(problems))


def _killed(folder: Path, after_s: float, seed: int) -> list[str]:
    """Run one writer until it is killed; return the hashes that it acknowledged."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(readable)
            _write(folder, writable, random.Random(seed))
        os._exit(1)
    os.close(writable)
    if seed % 5:  # four in five are killed while they write, the rest as they start
        select.select([readable], [], [], 10.0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    with os.fdopen(readable, "rb") as stream:
        data = stream.read()
    os.waitpid(child, 0)
    whole = len(data) // HASH_LINE * HASH_LINE
    return data[:whole].decode().split()


def _write(folder: Path, told: int, rng: random.Random) -> None:
    with Case.open(folder) as case:
        while True:
            for record in case.append_many(drafts(rng.randrange(1000), rng.randint(1, 20))):
                os.write(told, f"{record.hash}\n".encode())


def flip_case(folder: Path, *, records: int, evidence_bytes: int) -> Path:
    """Make a sealed case to flip bits of."""
    key = SecretKey.new()
    (folder / "photo.raw").write_bytes(random.Random(1).randbytes(evidence_bytes))
    with Case.create(folder / "case", title="flips", author="north", key=key) as case:
        case.add_evidence(folder / "photo.raw", source="a camera")
        for first in range(0, records, GROUP):
            case.append_many(drafts(first, min(GROUP, records - first)))
        case.sign(key)
    return folder / "case"


def flips(folder: Path, count: int, *, seed: int, whole_every: int = 100) -> tuple[int, list[tuple[str, int, int]]]:
    """Flip single bits at random places of a case's files; return its bytes and the flips that were not found."""
    rng = random.Random(seed)
    kept = next((folder / "evidence").iterdir())
    body = {"name": "photo.raw", "sha256": kept.stem, "kept": f"evidence/{kept.name}"}
    paths = [folder / FILE, folder / SEAL, kept]
    sizes = [path.stat().st_size for path in paths]
    missed = []
    for number in range(count):
        path = rng.choices(paths, sizes)[0]
        at, bit = rng.randrange(path.stat().st_size), 1 << rng.randrange(8)
        _flip(path, at, bit)
        found = file_problem(folder, "evidence", body) if path == kept else check_seal(folder)[0]
        if not found or (number % whole_every == 0 and not verify(folder).problems):
            missed.append((path.name, at, bit))
        _flip(path, at, bit)
    return sum(sizes), missed


def flips_without_seal(folder: Path, count: int, *, seed: int) -> int:
    """Return how many flips of the store are found when there is no seal: those in records, not those between."""
    rng, path = random.Random(seed), folder / FILE
    (folder / SEAL).unlink()
    found = 0
    for _ in range(count):
        at, bit = rng.randrange(path.stat().st_size), 1 << rng.randrange(8)
        _flip(path, at, bit)
        found += bool(verify(folder).problems)
        _flip(path, at, bit)
    return found


def _flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ bit]))


def rates(folder: Path, records: int, *, store: str = "") -> tuple[float, float, int]:
    """Return records appended a second, seconds to verify, and how many hold."""
    with Case.create(folder, title="rates", store=store) as case:
        start = time.perf_counter()
        for first in range(0, records, GROUP):
            case.append_many(drafts(first, min(GROUP, records - first)))
        rate = records / (time.perf_counter() - start)
    start = time.perf_counter()
    found = verify(folder).or_raise()
    return rate, time.perf_counter() - start, found.records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--store", default="", help="URL of a PostgreSQL; a file if not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.records:
            rate, seconds, held = rates(folder / "rates", given.records, store=given.store)
            print(
                f"{given.records:,} records: {rate:,.0f} a second appended, {held:,} verified in {seconds:.1f} s",
                flush=True,
            )
        if given.kills:
            print(kills(folder / "kills", given.kills, seed=1, store=given.store), flush=True)
        if given.flips and not given.store:
            case = flip_case(folder, records=13_000, evidence_bytes=4 * 2**20)
            size, missed = flips(case, given.flips, seed=2)
            print(f"{given.flips:,} flips in {size / 1e6:.1f} MB: {len(missed)} not found {missed[:5]}", flush=True)
            print(f"100 flips of the store without its seal: {flips_without_seal(case, 100, seed=3)} found", flush=True)


if __name__ == "__main__":
    main()
