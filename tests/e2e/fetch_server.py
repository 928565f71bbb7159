"""A web server with byte ranges over real files, which misbehaves as told."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that is gone is what these tests are about; on stderr it would pass for the command's own words.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """Serves ``root``. ``faults["part of a path"]`` is a list of faults, one used up by each request.

    A fault is a status such as ``"500"``, or one of truncate, reset, stall, slow, wrong-range, clip,
    ignore-range, garbage. A list that holds only ``("always", fault)`` is never used up.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: dict[str, list] = defaultdict(list)
        self.requests: list[tuple[str, str | None]] = []
        self.sent = 0
        self.slow_s = 0.02
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def fault(self, path: str) -> str:
        with self._lock:
            for part, faults in self.faults.items():
                if part in path and faults:
                    return faults[0][1] if isinstance(faults[0], tuple) else faults.pop(0)
        return ""

    def count(self, ending: str) -> int:
        return sum(path.endswith(ending) for path, _ in self.requests)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one class, many faults
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.requests.append((self.path, asked))
            fault = server.fault(self.path)
            if fault.isdigit():
                return self.refuse(int(fault))
            file = server.root / self.path.lstrip("/")
            if not file.is_file():
                return self.refuse(404)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.answer(file.read_bytes(), asked, fault)
            return None

        def refuse(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def answer(self, body: bytes, asked: str | None, fault: str) -> None:
            match = RANGE.match(asked or "")
            if match is None or fault == "ignore-range":
                self.send_response(200)
            else:
                first, last = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
                if first >= len(body):
                    return self.refuse(416)
                last = last - 5 if fault == "clip" else last
                shift = 3 if fault == "wrong-range" else 0
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first + shift}-{last + shift}/{len(body)}")
                body = body[first : last + 1]
            if fault == "garbage":
                body = bytes(n % 251 for n in range(len(body)))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.body(body, fault)
            return None

        def body(self, body: bytes, fault: str) -> None:
            if fault in ("truncate", "reset", "stall"):
                self.wfile.write(body[: len(body) // 2])
                server.sent += len(body) // 2
                if fault == "reset":
                    time.sleep(0.05)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if fault == "stall":
                    server.closing.wait(5)
                self.close_connection = True
                return
            if fault == "slow":
                for at in range(0, len(body), 512):
                    self.wfile.write(body[at : at + 512])
                    server.sent += len(body[at : at + 512])
                    server.closing.wait(server.slow_s)
                return
            self.wfile.write(body)
            server.sent += len(body)

    return Handler
