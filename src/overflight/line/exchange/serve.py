"""Run a line: receive over HTTP in one thread, and bring what waits to each party in others."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from overflight.errors import InvalidInput, OverflightError, one_line
from overflight.line.exchange.app import application
from overflight.line.exchange.contact import LONGEST_PAUSE_S, is_due
from overflight.line.exchange.courier import deliver
from overflight.line.exchange.limits import Rate
from overflight.line.exchange.line import Line
from overflight.line.listener import listening

LOOK_S = 0.5
"""Pause between looks into the outbox."""
MOST_AT_ONCE = 8
MOST_CONNECTIONS = 1000
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen.

    Attributes
    ----------
    host, port : 0 takes a free port.
    certificate, key : PEM files for TLS, or None for plain HTTP.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """Refuse half of what TLS needs, and files that are no certificate and key."""
        if (self.certificate is None) != (self.key is None):
            raise InvalidInput("--certificate", "one file", "a certificate and its key, --certificate and --tls-key")
        if self.certificate is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
            except (OSError, ValueError) as problem:
                raise InvalidInput("--certificate", one_line(str(problem)), "a certificate and its key in PEM",
                                   str(self.certificate)) from None  # fmt: skip


def serve(
    line: Line, place: Place, *, rate: Rate | None = None, most_s: float = LONGEST_PAUSE_S, tell: Tell = lambda _: None
) -> None:
    """Serve a line until the process is told to stop.

    Parameters
    ----------
    rate : what a party may send.
    most_s : the longest pause before a party is tried again. [s]
    tell : takes one line on what happens, the address first.

    Raises
    ------
    InvalidInput
        The address cannot be listened at.
    """
    listener = listening(place.host, place.port, backlog=256)
    scheme = "http" if place.certificate is None else "https"
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        application(line, rate=rate, tell=tell), log_config=None, access_log=False, server_header=False, lifespan="off",
        limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=30, timeout_graceful_shutdown=5, ws="none",
        h11_max_incomplete_event_size=16 * 1024, http="h11",
        ssl_certfile=place.certificate, ssl_keyfile=place.key,
    )  # fmt: skip
    courier = _Courier(line, most_s, tell)
    courier.start()
    tell(f"{line.name} ({line.public().fingerprint}) at {scheme}://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        courier.stop()
        listener.close()


class _Courier(threading.Thread):
    """Looks into the outbox, and visits the parties that are due, each by one worker at a time."""

    def __init__(self, line: Line, most_s: float, tell: Tell) -> None:
        super().__init__(name="courier", daemon=True)
        self._line, self._most_s, self._tell = line, most_s, tell
        self._done = threading.Event()
        self._busy: set[str] = set()
        self._said: dict[str, str] = {}

    def run(self) -> None:
        """Go on until stopped; what a look meets is told, and does not end it."""
        with ThreadPoolExecutor(MOST_AT_ONCE, "visit") as workers:
            while not self._done.wait(LOOK_S):
                try:
                    parties = self._due()
                except OverflightError as problem:
                    self._say("", str(problem))
                    continue
                for party in parties:
                    self._busy.add(party)
                    workers.submit(self._visit, party)

    def _due(self) -> list[str]:
        with self._line.reading() as index:
            return [
                row.party
                for row in index.parties()
                if row.party not in self._busy and is_due(row, self._most_s)
                if index.waiting(row.party) or (index.heads(row.party, linked=False) and not row.fork)
            ]

    def _visit(self, party: str) -> None:
        try:
            done = deliver(self._line, party, most_s=self._most_s)
            if done.acknowledged:
                self._tell(f"messages that {party} acknowledged: {done.acknowledged}")
            self._say(party, done.problem)
        except OverflightError as problem:
            self._say(party, str(problem))
        finally:
            self._busy.discard(party)

    def _say(self, party: str, problem: str) -> None:
        """Tell a problem once, until it is another."""
        if problem and self._said.get(party) != problem:
            self._tell(f"{party}: {problem}" if party else problem)
        self._said[party] = problem

    def stop(self) -> None:
        """End after the visits that are under way."""
        self._done.set()
        self.join(timeout=30.0)
