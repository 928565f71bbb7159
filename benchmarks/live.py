"""Load on the watch, on loopback: so many balloons at one update a second, map clients, memory, a kill and a restart.

``python benchmarks/live.py --balloons 10000 --seconds 600 --clients 200 --kill``

The server, those who send and those who listen are processes of their own. Frames are made up (balloons drift with a
few m/s along circles); each carries the time at which it was sent, and the delay is measured where its event arrives.
Every hundredth client reads its events, the others take bytes and throw them away, as all share two cores with the
server; what one is told on coming back, which is as old as the break was long, is not measured. After ``--kill`` the
server is ended by SIGKILL in the middle of the load and started again: what it had acknowledged is then looked for in
the store, frame by frame.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil

EVERY = 100
"""One client in so many reads what it is sent."""


def serve(store: Path, port: int, winds: str | None) -> None:
    """Run the routes of the watch, and nothing else."""
    import uvicorn
    from fastapi import FastAPI

    from overflight.serve.watch import Settings, start

    watch = start(Settings(store=store, winds=winds))
    app = FastAPI()
    app.include_router(watch.router)

    @app.get("/figures")
    def figures() -> dict[str, Any]:
        return watch.figures()

    try:
        uvicorn.run(app, port=port, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    finally:
        watch.stop()


def started(store: Path, port: int, winds: str | None) -> subprocess.Popen[bytes]:
    """Start the server as a process of its own, and wait until it answers."""
    command = [sys.executable, __file__, "--serve", str(store), "--port", str(port)]
    process = subprocess.Popen(command + (["--winds", winds] if winds else []))
    while process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise SystemExit("the server did not start")


class Seen(msgspec.Struct, gc=False):
    """What is read of a balloon."""

    seen_at: str


SEEN = msgspec.json.Decoder(list[Seen])


class Frames:
    """Made-up balloons on circles about their own places."""

    def __init__(self, count: int) -> None:
        draw = np.random.default_rng(1)
        self.names = [f"BENCH{i:06d}" for i in range(count)]
        self.lat, self.lon = draw.uniform(-70, 70, count), draw.uniform(-180, 180, count)
        self.turn, self.height = draw.uniform(0, 6.28, count), draw.uniform(8_000, 28_000, count)

    def rows(self, part: slice, now: float) -> bytes:
        """Return the rows of some balloons now, in SondeHub's form."""
        phase = self.turn[part] + now / 3600.0
        when = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lat, lon = self.lat[part] + 0.3 * np.sin(phase), (self.lon[part] + 0.3 * np.cos(phase) + 180.0) % 360.0 - 180.0
        return json.dumps([
            {"serial": name, "datetime": when, "lat": a, "lon": b, "alt": c, "uploader_callsign": "BENCH"}
            for name, a, b, c in zip(self.names[part], np.round(lat, 5).tolist(), np.round(lon, 5).tolist(),
                                     np.round(self.height[part], 1).tolist(), strict=True)
        ]).encode()  # fmt: skip


async def _post(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], body: bytes) -> bool:
    reader, writer = stream
    head = b"POST /api/sightings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))[15:])
    await reader.readexactly(length)
    return head.split(b" ", 2)[1] == b"200"


def send(port: int, count: int, seconds: float, pieces: int, out: Any) -> None:
    """Send every balloon once a second, spread over ``pieces`` posts; note what was acknowledged."""

    frames, delays, size = Frames(count), [], count // pieces
    acknowledged = 0

    async def piece(number: int, begun: float) -> int:
        nonlocal acknowledged
        stream, sent, part = None, 0, slice(number * size, (number + 1) * size)
        while time.time() < begun + seconds:
            await asyncio.sleep(max(0.0, begun + sent + number / pieces - time.time()))
            sent, now = sent + 1, round(time.time(), 3)
            try:
                stream = stream or await asyncio.open_connection("127.0.0.1", port)
                if await _post(stream, frames.rows(part, now)):
                    acknowledged += size
                    delays.append(time.time() - now)
            except (OSError, asyncio.IncompleteReadError):
                stream = None
                await asyncio.sleep(0.2)
        return sent * size

    async def run() -> int:
        begun = time.time()
        return sum(await asyncio.gather(*(piece(number, begun) for number in range(pieces))))

    sent = asyncio.run(run())
    out.put({"acknowledged": acknowledged, "post_s": delays, "sent": sent})


class Ears:
    """Connections to the events, some of which measure; those that break are made again."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.end = port, time.time() + seconds
        self.delays: list[float] = []
        self.totals = {"bytes": 0, "events": 0, "reconnects": 0, "balloons": 0}

    async def client(self, number: int) -> None:
        """Hold one connection, and come back where it breaks."""
        last, first = "", True
        while time.time() < self.end:
            self.totals["reconnects"] += not first
            first = False
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
            except OSError:
                await asyncio.sleep(0.5)
                continue
            resume = f"Last-Event-ID: {last}\r\n" if last else ""
            writer.write(f"GET /api/live/events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n{resume}\r\n".encode())
            try:
                await reader.readuntil(b"\r\n\r\n")
                last = await self._read(reader, last, is_read=number % EVERY == 0)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                await asyncio.sleep(0.2)
            finally:
                writer.close()

    async def _read(self, reader: asyncio.StreamReader, last: str, *, is_read: bool) -> str:
        unpack, text, skip = zlib.decompressobj(31), b"", bool(last)
        while time.time() < self.end:
            try:
                size = int(await asyncio.wait_for(reader.readuntil(b"\r\n"), 20.0), 16)
                chunk = (await reader.readexactly(size + 2))[:-2]
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                return last
            if size == 0:
                return last
            self.totals["bytes"] += size
            if is_read:
                *events, text = (text + unpack.decompress(chunk)).split(b"\n\n")
                for event in events:
                    is_told = b"event: balloons" in event
                    last = self._note(event, last, None if skip else time.time())
                    skip = skip and not is_told
        return last

    def _note(self, event: bytes, last: str, now: float | None) -> str:
        """Note the delays of the balloons of an event, and return its id."""
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        if now is not None and fields.get(b"event") == b"balloons":
            seen = [row.seen_at for row in SEEN.decode(fields[b"data"])]
            self.totals["events"], self.totals["balloons"] = (
                self.totals["events"] + 1,
                self.totals["balloons"] + len(seen),
            )
            stamps = np.array([s[:-1] for s in seen], "datetime64[ms]").astype(np.int64) / 1e3
            self.delays.extend((now - stamps).tolist())
        return fields.get(b"id", last.encode()).decode()


def listen(port: int, count: int, seconds: float, out: Any) -> None:
    """Hold connections to the events, and measure on some of them."""
    ears = Ears(port, seconds)

    async def run() -> None:
        await asyncio.gather(*(ears.client(number) for number in range(count)))

    asyncio.run(run())
    out.put({**ears.totals, "delays": np.array(ears.delays, np.float32)})


def kept(store: Path) -> int:
    """Return the number of frames in the store."""
    import sqlite3

    with sqlite3.connect(store) as base:
        return int(base.execute("select coalesce(sum(frames), 0) from watch_heard").fetchone()[0])


def watched(process: psutil.Process, until: float, every: float) -> list[tuple[float, float, float]]:
    """Return (seconds, MiB, share of a core) of the server over time."""
    rows, begun = [], time.time()
    process.cpu_percent()
    while time.time() < until:
        time.sleep(min(every, max(0.1, until - time.time())))
        try:
            rows.append((time.time() - begun, process.memory_info().rss / 2**20, process.cpu_percent()))
        except psutil.NoSuchProcess:
            break
    return rows


def main() -> None:
    """Run the load, and print the figures."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--balloons", type=int, default=10_000)
    ask.add_argument("--seconds", type=float, default=600.0)
    ask.add_argument("--clients", type=int, default=200)
    ask.add_argument("--pieces", type=int, default=20, help="posts a second")
    ask.add_argument("--winds", default=None)
    ask.add_argument("--kill", action="store_true", help="end the server by SIGKILL half way, and start it again")
    ask.add_argument("--serve", type=Path, default=None)
    ask.add_argument("--port", type=int, default=0)
    asked = ask.parse_args()
    if asked.serve:
        serve(asked.serve, asked.port, asked.winds)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(asked, Path(folder) / "watch.sqlite")


def measure(asked: argparse.Namespace, store: Path) -> None:
    """Run all processes, and print what was measured."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = started(store, port, asked.winds)
    out: Any = multiprocessing.Queue()
    listener = multiprocessing.Process(target=listen, args=(port, asked.clients, asked.seconds + 4, out))
    sender = multiprocessing.Process(target=send, args=(port, asked.balloons, asked.seconds, asked.pieces, out))
    listener.start()
    time.sleep(1.0)
    begun = time.time()
    sender.start()
    half = begun + (asked.seconds / 2 if asked.kill else asked.seconds)
    rows = watched(psutil.Process(server.pid), half, asked.seconds / 12)
    if asked.kill:
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        again = time.time()
        server = started(store, port, asked.winds)
        print(f"killed, up again after {time.time() - again:.1f} s")
        rows += watched(psutil.Process(server.pid), begun + asked.seconds, asked.seconds / 12)
    found = [out.get() for _ in range(2)]
    sender.join()
    listener.join()
    server.send_signal(signal.SIGINT)
    server.wait(30)
    told = {key: value for one in found for key, value in one.items()}
    delays, posts = told["delays"], np.array(told["post_s"])
    p50, p99, worst = np.quantile(delays, [0.5, 0.99, 1.0]) if delays.size else (np.nan,) * 3
    have = kept(store)
    print(f"{asked.balloons:,} balloons, {asked.clients} clients, {asked.seconds:g} s")
    print(f"message to event: median {p50:.3f} s, p99 {p99:.3f} s, worst {worst:.3f} s, of {delays.size:,}")
    print(f"post to acknowledgement: median {np.median(posts):.3f} s, p99 {np.quantile(posts, 0.99):.3f} s")
    print(f"sent {told['sent']:,}, acknowledged {told['acknowledged']:,}, in the store {have:,}; "
          f"acknowledged and lost: {max(0, told['acknowledged'] - have):,}")  # fmt: skip
    print(f"clients: {told['bytes'] / 1e6:,.0f} MB, {told['reconnects']} times come back")
    print("memory, MiB (share of a core): " + "; ".join(f"{s:.0f} s {m:.0f} ({c:.0f} %)" for s, m, c in rows))


if __name__ == "__main__":
    main()
