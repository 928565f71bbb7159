"""Run a service: listen, answer, and stop in order."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from overflight.errors import InvalidInput
from overflight.line.listener import listening
from overflight.serve.access import tokens
from overflight.serve.jobs import Jobs
from overflight.serve.jobs_runner import owners
from overflight.serve.settings import Settings, made
from overflight.serve.store import Store

FACTORY = "overflight.serve.app:from_environment"
MOST_CONNECTIONS = 2000
GRACE_S = 5
"""What open requests may take when the service stops; streams end at once."""
LOCK = "lock"


def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve until the process is told to stop.

    Parameters
    ----------
    tell : takes the one line of a start, with the address.

    Raises
    ------
    InvalidInput
        The address cannot be listened at, or is not this machine's own and there are no tokens; another process serves
        the folder.
    """
    made(settings.folder)
    with _alone(settings):
        _prepare(settings)
        listener = listening(settings.host, settings.port, backlog=512)
        listener.set_inheritable(True)
        settings.to_environment()
        config = uvicorn.Config(
            FACTORY, factory=True, log_config=None, access_log=False, server_header=False, ws="none", http="h11",
            workers=settings.workers, limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_S, h11_max_incomplete_event_size=16 * 1024, proxy_headers=False,
        )  # fmt: skip
        host, port = listener.getsockname()[:2]
        tell(f"overflight at http://{f'[{host}]' if ':' in host else host}:{port}/ (folder {settings.folder})")
        server = uvicorn.Server(config)
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(listener):
            if settings.workers > 1:
                older: Any = {"target": server.run} if "target" in signature(Multiprocess).parameters else {}
                Multiprocess(config, sockets=[listener], **older).run()
            else:
                server.run(sockets=[listener])


def _prepare(settings: Settings) -> None:
    """Refuse to be open to others, and see to jobs that an earlier process had."""
    store = Store.open(settings.folder, settings.store)
    try:
        if not settings.is_loopback and not tokens(store):
            hint = "overflight serve token NAME --role read"
            raise InvalidInput("--host", f"{settings.host} without tokens", "127.0.0.1, or a token", hint=hint)
        Jobs(store).mark_lost(owners(settings))
    finally:
        store.close()


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep other services out of the folder; the lock is the operating system's, so that a killed one holds none."""
    with (settings.folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            got = f"{settings.folder}, which another process serves"
            raise InvalidInput("--folder", got, "another, or one process with --workers") from None
        os.set_inheritable(lock.fileno(), False)
        yield
