"""A PostgreSQL of the tests' own, on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("initdb", "postgres", "pg_ctl")


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None where it is not installed."""
    found = [Path(name).resolve().parent for name in [shutil.which("initdb") or ""] if name]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if all((folder / name).exists() for name in PROGRAMS)), None)


def _user() -> str | None:
    """Return whom to run it as: the superuser may not."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def running(bin_folder: Path) -> Iterator[str]:
    """Run a server, and give its URL."""
    folder, user = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp")), _user()
    as_user = [] if user is None else ["runuser", "-u", user, "--"]
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd="/", capture_output=True)

    data = str(folder / "data")
    try:
        run(str(bin_folder / "initdb"), "-D", data, "-U", "overflight", "-A", "trust", "-E", "UTF8", "--locale", "C")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        run(str(bin_folder / "pg_ctl"), "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql://overflight@/postgres?host={folder}"
        finally:
            run(str(bin_folder / "pg_ctl"), "-D", data, "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
