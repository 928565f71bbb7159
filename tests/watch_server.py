"""A server with the routes of the watch and nothing else, in a thread or as a process of its own; and who listens to it.

``python -m tests.watch_server STORE PORT`` runs it until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def stamp(at: float) -> str:
    """Write a time."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def until(true: Callable[[], Any], seconds: float = 300.0) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to be in time")


def _server(app: Any, port: int) -> Any:
    import uvicorn

    config = uvicorn.Config(
        app, port=port, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=2
    )
    return uvicorn.Server(config)


@contextmanager
def served(**settings: Any) -> Iterator[tuple[Any, httpx.Client]]:
    """Run a watch and its routes in this process; give it and a client."""
    from fastapi import FastAPI

    from overflight.serve.watch import Settings, start

    watch = start(Settings(**settings))
    app, port = FastAPI(), free_port()
    app.include_router(watch.router)
    server = _server(app, port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client:
            yield watch, client
    finally:
        watch.stop()
        server.should_exit = True
        thread.join(20.0)


@contextmanager
def process(store: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the same as a process of its own."""
    running = subprocess.Popen([sys.executable, "-m", "tests.watch_server", str(store), str(port)], cwd=ROOT)
    try:
        until(lambda: running.poll() is not None or _answers(port))
        assert running.poll() is None
        yield running
    finally:
        running.kill()
        running.wait()


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Events(threading.Thread):
    """A client of the events, in a thread: it holds what it was sent."""

    def __init__(self, address: str, last: str = "") -> None:
        super().__init__(daemon=True)
        self.address, self.last, self.heard = address, last, []
        self.over = threading.Event()
        self.is_open = threading.Event()

    def run(self) -> None:
        headers = {"Last-Event-ID": self.last} if self.last else {}
        try:
            with httpx.stream("GET", f"{self.address}/api/live/events", headers=headers, timeout=20.0) as answer:
                event: dict[str, str] = {}
                for line in answer.iter_lines():
                    self.is_open.set()
                    if self.over.is_set():
                        return
                    name, _, value = line.partition(": ")
                    if line and name:
                        event[name] = value
                    elif "data" in event:
                        self.last = event["id"]
                        self.heard.append((event["event"], json.loads(event["data"])))
                        event = {}
                    else:
                        event = {}
        except httpx.HTTPError:
            return

    def of(self, kind: str) -> list[Any]:
        """Return what was heard of a kind."""
        return [data for what, data in list(self.heard) if what == kind]


class Receiver:
    """A webhook: what it was sent, and how it answers."""

    def __init__(self, answers: Callable[[int], int] = lambda _: 204) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mine.heard.append((self.headers["Idempotency-Key"], json.loads(body)))
                self.send_response(mine.answers(len(mine.heard)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Receiver:
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10.0)


class Letters:
    """A mail server that takes every letter: the part of SMTP that a client needs (RFC 5321)."""

    def __init__(self) -> None:
        self.port, self.letters, self._loop = free_port(), [], asyncio.new_event_loop()
        self._up = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self._up.set()
        async with server:
            await self._end.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                letter = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(letter.decode())
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    def __enter__(self) -> Letters:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10.0)
        self._loop.close()


def main() -> None:
    """Run as a process of its own."""
    from fastapi import FastAPI

    from overflight.serve.watch import Settings, start

    watch = start(Settings(store=sys.argv[1], renew_s=1.0))
    app = FastAPI()
    app.include_router(watch.router)
    _server(app, int(sys.argv[2])).run()


if __name__ == "__main__":
    main()
