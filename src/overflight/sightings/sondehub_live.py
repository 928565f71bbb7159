"""Listen to the live feed of SondeHub, and write down what it says as evidence that is read like any file.

SondeHub sends each row as JSON over MQTT in a websocket, under the topic ``sondes/SERIAL`` (``amateur/CALLSIGN`` for
amateurs); the address is signed and fetched anew for each connection. ``paho-mqtt`` comes with the extra ``live``.
SondeHub's data are CC BY-SA 2.0.
"""

from __future__ import annotations

import logging
import os
import queue
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import numpy as np

from overflight.errors import InvalidInput, Unavailable
from overflight.geo.times import parse_utc, to_datetime64
from overflight.sightings.row import HIGHEST_M, LOWEST_M
from overflight.sightings.sondehub import Row, telemetry
from overflight.sightings.telemetry import Telemetry

log = logging.getLogger(__name__)

ADDRESS = "https://api.v2.sondehub.org/sondes/websocket"
"""Answers with the signed address of the websocket as text (SondeHub API v2)."""
WAIT_S, LONGEST_WAIT_S, PATIENCE_S = 1.0, 60.0, 20.0
"""Between tries to connect, doubled each time; the longest; and how long one try may take."""
HELD = 100_000
"""Messages that wait to be taken; more are dropped and counted."""
PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


def signed_address() -> str:
    """Fetch the address of the feed.

    Raises
    ------
    Unavailable
        SondeHub cannot be reached, or answers otherwise.
    """
    try:
        answer = httpx.get(ADDRESS, timeout=PATIENCE_S).raise_for_status().text.strip()
    except httpx.HTTPError as problem:
        raise Unavailable(f"sondehub: {ADDRESS} cannot be reached ({type(problem).__name__})") from None
    if urlsplit(answer).scheme != "wss":
        raise Unavailable(f"sondehub: {ADDRESS} answered {answer[:80]!r}, no address")
    return answer


def messages(
    address: str | Callable[[], str] = signed_address, topics: Sequence[str] = ("sondes/#",), *,
    seconds: float | None = None, done: Callable[[], bool] = lambda: False,
) -> Iterator[bytes]:  # fmt: skip
    """Yield messages as they come; after a break the connection is made again.

    Parameters
    ----------
    address : ``wss://``, ``ws://``, ``mqtts://`` or ``mqtt://`` address of a broker, or what gives one.
    topics : what to subscribe to.
    seconds : how long to listen; without end where none is given.
    done : asked five times a second whether to end.

    Raises
    ------
    Unavailable
        The broker cannot be reached the first time.
    InvalidInput
        The address is none.
    """
    end = None if seconds is None else time.monotonic() + seconds
    wait, ever = WAIT_S, False
    while (end is None or time.monotonic() < end) and not done():
        line = _Line(tuple(topics))
        try:
            line.connect(address if isinstance(address, str) else address())
            ever, wait = True, WAIT_S
            yield from line.taken(end, done)
        except Unavailable as problem:
            if not ever:
                raise
            log.warning("%s; next try in %.0f s", problem, wait)
        finally:
            line.close()
        if (end is None or time.monotonic() < end) and not done():
            time.sleep(wait if end is None else max(0.0, min(wait, end - time.monotonic())))
            wait = min(2.0 * wait, LONGEST_WAIT_S)


def write_down(path: str | Path, heard: Iterable[bytes]) -> int:
    """Write messages to a file, one row a line, and return how many; the file comes in its place at the end.

    What was heard until an interruption is kept.

    Raises
    ------
    InvalidInput
        The place cannot be written.
    """
    path = Path(path)
    beside = path.with_name(f".part-{os.getpid()}-{path.name}")
    count = 0
    try:
        with beside.open("wb") as stream:
            try:
                for message in heard:
                    for row in _rows(message):
                        stream.write(row.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n")
                        count += 1
            finally:
                stream.flush()
                if count:
                    beside.replace(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("output", f"{path} ({reason})", "a place that can be written") from None
    finally:
        with suppress(OSError, ValueError):
            beside.unlink(missing_ok=True)
    return count


def listen(
    path: str | Path, *, seconds: float, address: str | Callable[[], str] = signed_address,
    topics: Sequence[str] = ("sondes/#",),
) -> Telemetry:  # fmt: skip
    """Listen for a while, write down what is heard, and read it.

    Raises
    ------
    Unavailable
        The broker cannot be reached, or nothing was heard.
    """
    if not write_down(path, messages(address, topics, seconds=seconds)):
        raise Unavailable(f"sondehub: nothing heard in {seconds:g} s")
    return telemetry([path])


@dataclass(frozen=True, slots=True)
class Heard:
    """A row that was heard: serial, time (UTC), place [degrees] and altitude [m], None where it has none."""

    serial: str
    time: np.datetime64
    lat: float
    lon: float
    altitude_m: float | None


def heard_row(message: bytes) -> list[Heard]:
    """Return the sound rows of a message."""
    found = []
    for raw in _rows(message):
        try:
            row = msgspec.json.decode(raw, type=Row)
            time_ = to_datetime64(parse_utc(row.datetime or ""))
            lat, lon = float(row.lat or 0.0), float(row.lon or 0.0)
            altitude = None if row.alt is None else float(row.alt)
        except (msgspec.DecodeError, InvalidInput, ValueError, RecursionError, UnicodeDecodeError):
            continue
        sound = abs(lat) <= 90.0 and -180.0 <= lon <= 360.0 and (lat, lon) != (0.0, 0.0)
        if sound and (altitude is None or LOWEST_M <= altitude <= HIGHEST_M):
            found.append(Heard(row.serial or row.payload_callsign or "", time_, lat, lon, altitude))
    return found


def _rows(message: bytes) -> list[bytes]:
    """Return the rows of a message: one, or those of a list."""
    if not message.lstrip().startswith(b"["):
        return [message]
    try:
        return [bytes(row) for row in msgspec.json.decode(message, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return [message]


def _paho() -> ModuleType:
    try:
        import paho.mqtt.client as paho  # noqa: PLC0415 - an extra
    except ImportError:
        raise InvalidInput("live", "no paho-mqtt", "it installed", hint="pip install 'overflight[live]'") from None
    return paho


@dataclass(slots=True)
class _Line:
    """One connection to a broker."""

    topics: tuple[str, ...]
    client: Any = None
    heard: queue.Queue[bytes] = field(default_factory=lambda: queue.Queue(HELD))
    signs: queue.Queue[str] = field(default_factory=queue.Queue)
    dropped: int = 0

    def connect(self, address: str) -> None:
        """Connect and subscribe."""
        parts = urlsplit(address)
        if parts.scheme not in PORTS or not parts.hostname:
            raise InvalidInput("address", repr(address[:80]), f"an address of {', '.join(PORTS)}")
        paho = _paho()
        web = parts.scheme in ("ws", "wss")
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, transport="websockets" if web else "tcp")
        if web:
            client.ws_set_options(path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme in ("wss", "mqtts"):
            client.tls_set_context(ssl.create_default_context())
        client.on_connect, client.on_message = self._connected, self._message
        client.on_subscribe, client.on_disconnect = self._subscribed, self._parted
        client.connect_timeout = PATIENCE_S
        self.client = client
        try:
            client.connect(parts.hostname, parts.port or PORTS[parts.scheme], keepalive=60)
        except (OSError, ValueError, paho.WebsocketConnectionError) as problem:
            raise Unavailable(f"sondehub: {parts.hostname} cannot be reached ({problem})") from None
        client.loop_start()
        try:
            sign = self.signs.get(timeout=PATIENCE_S)
        except queue.Empty:
            sign = "no answer"
        if sign:
            raise Unavailable(f"sondehub: {parts.hostname} cannot be listened to ({sign})")

    def taken(self, end: float | None, done: Callable[[], bool]) -> Iterator[bytes]:
        """Yield messages until the time is over, it is told to end, or the connection breaks."""
        while (end is None or time.monotonic() < end) and not done():
            try:
                yield self.heard.get(timeout=0.2 if end is None else min(0.2, max(0.0, end - time.monotonic())))
            except queue.Empty:
                if not self.signs.empty():
                    break
        while not self.heard.empty():
            yield self.heard.get()

    def close(self) -> None:
        """Part from the broker."""
        if self.client is not None:
            self.client.disconnect()
            self.client.loop_stop()
        if self.dropped:
            log.warning("%d messages came faster than they were taken and are lost", self.dropped)

    def _connected(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.signs.put(str(reason))
        else:
            client.subscribe([(topic, 0) for topic in self.topics])

    def _subscribed(self, _client: Any, _data: Any, _number: Any, reasons: Any, _properties: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self.signs.put(refused[0] if refused else "")

    def _message(self, _client: Any, _data: Any, message: Any) -> None:
        try:
            self.heard.put_nowait(message.payload)
        except queue.Full:
            self.dropped += 1

    def _parted(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.signs.put(str(reason) or "parted")
