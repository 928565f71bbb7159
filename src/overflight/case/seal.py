"""The seal of a store's file: digests of its blocks, written when the last writer closes it.

Hashes of records tell a change in a record. A SQLite file has bytes between records too, and the seal tells of those.
Writers hold a shared lock; the first takes the seal away before it writes, and the last puts a new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from overflight.case.store import FILE

SEAL, LOCK = "case.seal", "case.lock"
BLOCK = 4096
NO_SEAL = f"{FILE} has no seal: its last writer was stopped, or is writing; bytes between records are not covered"


class Writers:
    """The part of this process among those that write to a case's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def enter(self) -> None:
        """Take the seal away, and keep others from putting one."""
        if self._lock is not None:
            return
        lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            (self.folder / SEAL).unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError:
            os.close(lock)
            raise
        self._lock = lock

    def leave(self) -> None:
        """Seal the file where no other writer is left."""
        if self._lock is None:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            write_seal(self.folder)
        except BlockingIOError:
            pass
        finally:
            os.close(self._lock)
            self._lock = None


def write_seal(folder: Path) -> None:
    """Write the seal of a folder's store."""
    beside = folder / f"{SEAL}.part"
    with beside.open("w", encoding="ascii") as stream:
        stream.writelines(f"{digest}\n" for digest in _blocks(folder / FILE))
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(folder / SEAL)
    sync_folder(folder)


def check_seal(folder: Path) -> tuple[list[str], list[str]]:
    """Return what differs from the seal, and what is not covered by one."""
    seal = folder / SEAL
    try:
        before = seal.read_bytes()
    except FileNotFoundError:
        return [], [NO_SEAL]
    problems = _differences(before, list(_blocks(folder / FILE)))
    if problems and not (seal.exists() and seal.read_bytes() == before):
        return [], [NO_SEAL]  # a writer came meanwhile
    return problems, []


def _differences(seal: bytes, blocks: list[str]) -> list[str]:
    lines = seal.split(b"\n")
    if lines.pop() != b"":
        return [f"{SEAL}: its end is torn"]
    if len(lines) != len(blocks):
        return [f"{FILE} has {len(blocks)} blocks of {BLOCK} bytes, its seal says {len(lines)}"]
    wrong = [i for i, (line, block) in enumerate(zip(lines, blocks, strict=True)) if line != block.encode()]
    return [f"{FILE}: bytes {i * BLOCK} to {(i + 1) * BLOCK - 1} differ from {SEAL}" for i in wrong[:20]] + (
        [f"{FILE}: {len(wrong) - 20} blocks more differ from {SEAL}"] if len(wrong) > 20 else []
    )


def _blocks(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield hashlib.sha256(block).hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
