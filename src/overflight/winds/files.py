"""Files that several processes may want at once, and errors of the file system as one line."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from overflight.errors import Interrupted, Unavailable

ENVIRONMENT = "OVERFLIGHT_WINDS_STORE"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_POLL_S = 0.05


class StoreBroken(Unavailable):
    """The store's folder cannot be written or read."""


Guard = Callable[[Path], contextlib.AbstractContextManager[None]]
PRUNE = "free some with `overflight winds list --prune`"


@contextlib.contextmanager
def guarded(path: Path, *, environment: str = ENVIRONMENT, prune: str = PRUNE) -> Iterator[None]:
    """Turn an error of the file system into one clear line.

    Parameters
    ----------
    path : what is written or read.
    environment : the variable that names the folder.
    prune : how space is made there.

    Raises
    ------
    StoreBroken
        The disk is full, the folder may not be written, and the like.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            reason, cure = "no space left", prune
        else:
            reason, cure = (problem.strerror or str(problem)).lower(), "make it writable"
        raise StoreBroken(f"{path}: {reason}; {cure}, or set {environment} to another folder") from None


@contextlib.contextmanager
def locked(path: Path, stopped: Callable[[], bool] = lambda: False, *, guard: Guard = guarded) -> Iterator[None]:
    """Hold the download of ``path``, waiting while another process or thread does.

    The lock is the operating system's: where its holder was killed it is free at once.

    Parameters
    ----------
    path : what is downloaded; the lock lies beside it.
    stopped : asked while waiting.
    guard : what turns errors of the file system into one line.

    Raises
    ------
    Interrupted
        ``stopped`` said so while waiting.
    StoreBroken
        The lock file cannot be made.
    """
    lock = lock_path(path)
    while True:
        with guard(lock):
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if _take(handle) and _same(handle, lock):
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if stopped():
            raise Interrupted("stopped while another process was fetching; the same command resumes")
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        # Unlinked while still held: who waits finds another file at this path and tries anew.
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(handle)


def lock_path(path: Path) -> Path:
    """Return the lock file of a stored file or of its parts."""
    return path.with_name(path.name.split(".")[0] + ".lock")


def held(path: Path) -> bool:
    """Say whether somebody is downloading ``path`` (or the file that it is a part of)."""
    try:
        handle = os.open(lock_path(path), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(handle: int, path: Path) -> bool:
    """Say whether an open file is still the one at ``path``."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
