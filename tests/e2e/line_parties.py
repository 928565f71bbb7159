"""Parties of a line as processes of their own on loopback, and a proxy between them that misbehaves as told."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import httpx

from overflight.case.keys import read_public
from overflight.case.verify import verify
from overflight.line.exchange.line import Line
from overflight.line.exchange.request import authorization
from overflight.line.exchange.sending import send
from overflight.line.exchange.status import listed, status

PASSPHRASE = "correct horse"  # noqa: S105 - of keys that the tests make
SKEWED = """
import sys
from datetime import datetime, timedelta
offset = timedelta(seconds=float(sys.argv.pop(1)))

class Shifted(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + offset

import overflight.case.case_file as case_file
import overflight.line.exchange.line as line
import overflight.line.exchange.request as request
import overflight.line.exchange.courier as courier
for module in (case_file, line, request, courier):
    module.datetime = Shifted
from overflight.cli.main import run
run()
"""
FULL = """
import sys
import overflight.case.database as database
pages, sqlite = int(sys.argv.pop(1)), database.sqlite
database.sqlite = lambda path, pragmas, **more: sqlite(path, [*pragmas, f"max_page_count={pages}"], **more)
from overflight.cli.main import run
run()
"""


class Party:
    """A line in a folder, served by a process when asked."""

    def __init__(self, folder: Path, name: str, store: str = "") -> None:
        self.folder, self.name = folder / name, name
        self.process: subprocess.Popen | None = None
        self.url = ""
        if not self.folder.exists():
            Line.create(self.folder, name, PASSPHRASE, store=store).close()

    @staticmethod
    def skewed(folder: Path, name: str, other: Party, offset_s: float) -> Party:
        """Make a party whose clock has always been off, and that trusts another."""
        command = [sys.executable, "-c", SKEWED, str(offset_s), "line"]
        key = next(other.folder.glob("key-*.pub"))
        for verb in (["init", name], ["trust", other.name, str(key), "--url", other.url or "http://127.0.0.1:1"]):
            subprocess.run([*command, *verb, "--line", str(folder / name)], check=True, capture_output=True,
                           env=os.environ | {"OVERFLIGHT_PASSPHRASE": PASSPHRASE})  # fmt: skip
        return Party(folder, name)

    def line(self) -> Line:
        """Open the line in this process."""
        return Line.open(self.folder, PASSPHRASE)

    @property
    def public(self):
        with Line.open(self.folder) as line:
            return read_public(line.key_file().with_suffix(".pub"))

    def trust(self, other: Party, url: str = "", **more: str) -> None:
        """Trust another party, and know its address."""
        with Line.open(self.folder) as line:
            line.trust(other.name, other.public, address=url or other.url, **more)

    def send(self, other: Party, *texts: str, kind: str = "statement") -> list[str]:
        """Put messages in the outbox."""
        with self.line() as line:
            return [send(line, other.name, kind, {"text": text}) for text in texts]

    def serve(self, *options: str, before: tuple[str, ...] = ("-m", "overflight"), port: int = 0) -> Party:
        """Start a process, and wait for its address."""
        command = [sys.executable, *before, "line", "serve", "--line", str(self.folder), "--port", str(port),
                   "--longest-pause", "0.2", *options]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"OVERFLIGHT_PASSPHRASE": PASSPHRASE, "NO_PROXY": "*"},
        )  # fmt: skip
        self.told: list[str] = []
        first = self.process.stdout.readline()
        assert " at http" in first, first + self.process.stdout.read()
        self.url = first.rsplit(" ", 1)[1].strip()
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        return self

    def _read(self, process: subprocess.Popen) -> None:
        for text in process.stdout:
            self.told.append(text.rstrip())

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """Kill the process outright."""
        self.process.kill()
        self.stop()

    def stop(self) -> None:
        """Ask the process to end, and see that it did so without a traceback."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self._reader.join(5)
        self.process.stdout.close()
        self.process = None
        assert not [text for text in self.told if "Traceback" in text], self.told

    def texts(self, direction: str = "in", party: str = "") -> list[str]:
        """Return the texts that came or went, in order."""
        with Line.open(self.folder) as line:
            return [str(one["body"].get("text")) for one in listed(line, direction, party, 100_000)]

    def waiting(self) -> int:
        """Return how many messages are not acknowledged."""
        return sum(party.waiting for party in self.status().parties)

    def status(self):
        with Line.open(self.folder) as line:
            return status(line)

    def forks(self) -> list[str]:
        """Return what parties did that cannot be of one log."""
        return [what for party in self.status().parties for _, what in party.forks]

    def verify(self):
        """Check the log; the only note may be that it is open or not sealed."""
        return verify(self.folder).or_raise()

    def post(self, other: Party, body: bytes, path: str = "/messages", **more) -> httpx.Response:
        """Post a body to another party, signed by this one."""
        with self.line() as line:
            header = authorization(other.public.id, body, line.key)
        return post(other.url, body, header, path, **more)


def post(url: str, body: bytes, header: str, path: str = "/messages", **more) -> httpx.Response:
    """Post a body with a header."""
    with httpx.Client(trust_env=False, timeout=20.0) as client:
        return client.post(url + path, content=body, headers={"Authorization": header}, **more)


@contextlib.contextmanager
def ending(*parties: Party):
    """End the processes of parties with the block."""
    try:
        yield
    finally:
        for party in parties:
            party.stop()


def until(true, seconds: float = 40.0, what: str = "") -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what or "it never became true"
        time.sleep(0.1)


class Proxy:
    """Stands before a party. ``faults`` are used up, one by each request.

    ``lose``: the request goes nowhere. ``mute``: it is forwarded, its answer lost. ``double``: it is forwarded twice.
    ``late``: it is lost, and forwarded after the next one. ``slow``: it is forwarded byte by byte. ``cut``: half of it
    is forwarded.
    """

    def __init__(self, target: Party, faults: list[str] | None = None) -> None:
        self.target, self.faults = target, deque(faults or [])
        self.done: list[str] = []
        self._late: list[bytes] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    proxy.handle(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def handle(self, client: socket.socket) -> None:
        """Handle one connection."""
        client.settimeout(30.0)
        while request := _read_http(client):
            with self._lock:
                fault = self.faults.popleft() if self.faults else ""
                late, self._late = self._late, []
                self.done.append(fault)
            if fault == "late":
                self._late.append(request)
            if fault in ("lose", "late"):
                return
            if fault == "cut":
                self._forward(request[: len(request) // 2], wait=False)
                return
            if fault == "double":
                self._forward(request)
            answer = self._forward(request, slowly=fault == "slow")
            for old in late:
                self._forward(old)
            if fault == "mute" or not answer:
                return
            client.sendall(answer)

    def _forward(self, request: bytes, *, wait: bool = True, slowly: bool = False) -> bytes:
        with socket.create_connection(("127.0.0.1", self.target.port), timeout=30.0) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            step = max(1, len(request) // 40) if slowly else len(request)
            for at in range(0, len(request), step):
                server.sendall(request[at : at + step])
                if slowly:
                    time.sleep(0.005)
            return _read_http(server) if wait else b""


def _read_http(stream: socket.socket) -> bytes:
    """Read one request or answer, of a body whose length its header names."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = stream.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")]
    missing = (sizes[0] if sizes else 0) - len(body)
    while missing > 0:
        part = stream.recv(65536)
        if not part:
            return b""
        data += part
        missing -= len(part)
    return data
