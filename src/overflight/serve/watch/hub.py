"""Server-sent events: each is encoded once and the same bytes go to every client.

Compressed clients share compressed bytes too: an event is a piece of deflate that ends with a full flush and refers to
nothing before it, so that any run of events after a gzip header is one sound stream. A client that does not keep up is
let go; it comes back with ``Last-Event-ID`` and is given what it missed, or all that is up where that is too long ago.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from overflight.serve.sse import HEARTBEAT, HEARTBEAT_S, encoded

MOST_WAITING = 64
"""Events that wait for a client before it is let go."""
BUFFER_BYTES = 32 * 2**20
"""Of the events that are held for those who come back."""
SEND_S = 30.0
"""A client that takes one event for longer is let go."""
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_PLAIN_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
                  (b"x-accel-buffering", b"no"), (b"vary", b"Accept-Encoding")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it goes out, plain and as a piece of deflate."""

    number: int
    plain: bytes
    packed: bytes


def _piece(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def event_of(kind: str, data: Any, mark: str, number: int = 0) -> Event:
    """Make an event."""
    plain = encoded(kind, mark, data)
    return Event(number, plain, _piece(plain))


CatchUp = Callable[[int], list[Event]]
"""Gives all that is up, and the alerts after a number."""
_RETRY = b"retry: 2000\n\n"


@dataclass(slots=True, eq=False)
class _Client:
    waiting: deque[Event] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_dropped: bool = False
    after: int = 0


class Hub:
    """Events, and the clients that they go to."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self.dropped = 0
        self._lock = threading.Lock()
        self._held: deque[Event] = deque()
        self._held_bytes = 0
        self._number = 0
        self._alert = 0
        self._clients: set[_Client] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over = False

    def __len__(self) -> int:
        """Return the number of clients."""
        return len(self._clients)

    def begin_at(self, alert: int) -> None:
        """Say which alert was the last before this run."""
        self._alert = alert

    def publish(self, kind: str, data: Any, *, alert: int = 0) -> None:
        """Send an event to all clients; from any thread."""
        with self._lock:
            self._number += 1
            self._alert = max(self._alert, alert)
            event = event_of(kind, data, self.mark(), self._number)
            plain = event.plain
            self._held.append(event)
            self._held_bytes += len(plain) + len(event.packed)
            while self._held_bytes > BUFFER_BYTES and len(self._held) > 1:
                old = self._held.popleft()
                self._held_bytes -= len(old.plain) + len(old.packed)
            loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._deliver, event)

    def mark(self) -> str:
        """Return the id of the last event: run, number, and number of the last alert in the store."""
        return f"{self.run}-{self._number}-{self._alert}"

    def _deliver(self, event: Event) -> None:
        for client in self._clients:
            if len(client.waiting) >= MOST_WAITING:
                client.is_dropped = True
                client.waiting.clear()
                self.dropped += 1
            if not client.is_dropped and event.number > client.after:
                client.waiting.append(event)
            client.woken.set()

    def missed(self, last: str) -> tuple[list[Event] | None, int]:
        """Return the events after one, or None where they are no longer held; and the last alert told, or -1."""
        run, _, rest = last.partition("-")
        number, _, alert = rest.partition("-")
        told = int(alert) if alert.isdecimal() and len(alert) < 18 else -1
        if run != self.run or not number.isdecimal() or len(number) > 17:
            return None, told
        after = int(number)
        if after > self._number or (self._held and self._held[0].number > after + 1):
            return None, told
        return [event for event in self._held if event.number > after], told

    def end(self) -> None:
        """Let every client go."""
        self._is_over = True
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for client in self._clients:
            client.is_dropped = True
            client.woken.set()

    def join(self, last: str | None) -> tuple[_Client, list[Event] | None, int]:
        """Take a client in, and return it with the events that it missed, as ``missed`` does."""
        self._loop = asyncio.get_running_loop()
        with self._lock:
            client = _Client(after=self._number)
            events, told = ([], -1) if last is None else self.missed(last)
            self._clients.add(client)
        return client, events, told

    def leave(self, client: _Client) -> None:
        """Let a client go."""
        self._clients.discard(client)


class EventStream:
    """The response to one client, an ASGI application."""

    def __init__(self, hub: Hub, last: str | None, catch_up: CatchUp, packs: bool) -> None:
        self.hub, self.last, self.catch_up, self.packs = hub, last, catch_up, packs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send events until the client goes or does not keep up."""
        client, first, told = self.hub.join(self.last)
        gone = asyncio.ensure_future(_gone(receive))
        headers = [*_PLAIN_HEADERS, *([(b"content-encoding", b"gzip")] if self.packs else [])]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send(send, (GZIP_HEADER + _piece(_RETRY)) if self.packs else _RETRY)
            client.waiting.extendleft(
                reversed(await asyncio.to_thread(self.catch_up, told) if first is None else first)
            )
            while not (client.is_dropped or gone.done() or self.hub._is_over):
                await self._next(client, send, gone)
            with suppress(OSError, RuntimeError):
                await self._send(send, b"", more=False)
        except TimeoutError:
            self.hub.dropped += 1
        finally:
            self.hub.leave(client)
            gone.cancel()

    async def _next(self, client: _Client, send: Any, gone: asyncio.Future[None]) -> None:
        """Wait for events, or for the heartbeat to be due, and send what there is."""
        if not client.waiting:
            client.woken.clear()
            waits: set[asyncio.Future[Any]] = {gone, asyncio.ensure_future(client.woken.wait())}
            await asyncio.wait(waits, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            for one in waits - {gone}:
                one.cancel()
        events = list(client.waiting)
        client.waiting.clear()
        if client.is_dropped or gone.done():
            return
        if self.packs:
            data = b"".join(event.packed for event in events) or _piece(HEARTBEAT)
        else:
            data = b"".join(event.plain for event in events) or HEARTBEAT
        await self._send(send, data)

    async def _send(self, send: Any, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.body", "body": data, "more_body": more})


async def _gone(receive: Any) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
