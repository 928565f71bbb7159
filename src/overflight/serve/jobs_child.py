"""The process of a job: the command line itself, which ends when the service that began it is gone.

The service holds the other end of its standard input; where that closes, the job stops as by a signal, and soon after
in any case. So a service that is killed leaves no job behind that nobody waits for.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from pathlib import Path

GRACE_S = 5.0


def watch(source: int) -> None:
    """Wait for the end of a pipe, and end this process."""
    while os.read(source, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_S)
    os._exit(130)


def main() -> None:
    """Run ``overflight`` with the arguments of this process; beside trajectories, write what the page plays."""
    os.nice(2)  # answers come first
    threading.Thread(target=watch, args=(os.dup(0),), daemon=True, name="parent").start()
    sys.stdin = None
    sys.argv[0] = "overflight"
    try:
        runpy.run_module("overflight", run_name="__main__", alter_sys=False)
    except SystemExit as end:
        if end.code == 0:
            play()
        raise


def play() -> None:
    """Write the paths of every file of trajectories of the job."""
    found = [path for path in sorted(Path("output").rglob("*cast.nc")) if "case" not in path.parts]
    if found:
        from overflight.serve.jobs_paths import write_paths  # noqa: PLC0415 - only where there are any

        for path in found:
            write_paths(path, path.with_name(f"{path.stem}-paths.json"))


if __name__ == "__main__":
    main()
