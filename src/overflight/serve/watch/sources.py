"""Where frames come from by themselves: feeds over MQTT, and files that grow."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from urllib.parse import unquote, urlsplit

from overflight.errors import InvalidInput, OverflightError
from overflight.serve.watch import rows
from overflight.serve.watch.inbox import Inbox
from overflight.serve.watch.settings import SONDEHUB, Settings
from overflight.serve.watch.store import Store
from overflight.sightings.sondehub_live import messages, signed_address

log = logging.getLogger(__name__)

PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
LOOK_S = 0.2
"""Between looks at a file."""
BLOCK_BYTES = 2**20
LONGEST_LINE = 2**20


class Source(threading.Thread):
    """A thread that puts what it hears into the inbox until it is told to stop; failures are said and tried again."""

    def __init__(self, name: str, inbox: Inbox) -> None:
        super().__init__(name=name, daemon=True)
        self.inbox = inbox
        self.over = threading.Event()
        self.problem = ""

    def run(self) -> None:
        """Go on until stopped."""
        pause = PAUSE_S
        while not self.over.is_set():
            try:
                self.listen()
                pause = PAUSE_S
            except OverflightError as problem:
                self.fail(str(problem))
            except Exception as problem:
                log.exception("%s", self.name)
                self.fail(f"{type(problem).__name__}: {problem}")
            self.over.wait(pause)
            pause = min(2.0 * pause, LONGEST_PAUSE_S)

    def fail(self, problem: str) -> None:
        """Say a problem once, until it is another."""
        if problem and problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem

    def listen(self) -> None:
        """Hear until there is no more."""
        raise NotImplementedError

    def stop(self) -> None:
        """End soon."""
        self.over.set()


class Feed(Source):
    """A feed over MQTT: of a broker, or of SondeHub."""

    def __init__(self, address: str, topics: tuple[str, ...], inbox: Inbox) -> None:
        super().__init__("feed", inbox)
        self.address: str | Callable[[], str] = signed_address if address == SONDEHUB else address
        self.topics = topics
        if address != SONDEHUB:
            self.address, self.topics = parted(address, topics)

    def listen(self) -> None:
        """Hear messages; connections that break are made again inside."""
        for message in messages(self.address, self.topics, done=self.over.is_set):
            self.problem = ""
            self.inbox.hear(message)


def parted(address: str, topics: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Part an address from the topic in its path; a websocket's path is its own."""
    parts = urlsplit(address)
    topic = unquote(parts.path.lstrip("/")) + (f"#{parts.fragment}" if address.endswith("#") else "")
    if parts.scheme in ("mqtt", "mqtts") and topic:
        return f"{parts.scheme}://{parts.netloc}", (topic,)
    return address, topics


class Follower(Source):
    """A file that grows: whole lines are taken as they come, each once, over restarts too."""

    def __init__(self, path: Path, inbox: Inbox, store: Store) -> None:
        super().__init__("follow", inbox)
        self.path, self.store = path, store
        self.file, self.offset = store.offset(str(path))

    def listen(self) -> None:
        """Read what is new, and wait until it is kept."""
        while not self.over.is_set():
            if not self._read():
                self.over.wait(LOOK_S)

    def _read(self) -> bool:
        try:
            with self.path.open("rb") as stream:
                about = self.path.stat()
                file = f"{about.st_dev}:{about.st_ino}"
                if file != self.file or about.st_size < self.offset:
                    self.file, self.offset = file, 0  # another file, or one that was begun anew
                header = stream.readline(LONGEST_LINE)
                start = self.offset or (0 if header.lstrip()[:1] in (b"{", b"[") else len(header))
                stream.seek(start)
                block = stream.read(BLOCK_BYTES)
        except OSError as problem:
            raise InvalidInput("--follow", f"{self.path} ({problem.strerror})", "a file that can be read") from None
        whole = block[: block.rfind(b"\n") + 1]
        if not whole:
            if len(block) >= LONGEST_LINE:
                raise InvalidInput("--follow", "a line over 1 MiB", "rows of NDJSON or CSV", str(self.path))
            return False
        self._give(header, whole, start + len(whole))
        return True

    def _give(self, header: bytes, lines: bytes, offset: int) -> None:
        if header.lstrip()[:1] in (b"{", b"["):
            heard = rows.of_messages([line.rstrip(b",\r") for line in lines.split(b"\n") if line.strip(b"[],\r ")])
        else:
            texts = (part.decode("utf-8-sig", errors="replace") for part in (header.rstrip(b"\r\n"), lines))
            heard = rows.of_csv(*texts)
        self.fail(heard.rejected[0][1] if heard.rejected else "")
        done = self.inbox.give(heard.batch, (str(self.path), self.file, offset))
        while not self.over.is_set():
            try:
                done.result(timeout=LOOK_S)
            except NotYet:
                continue
            self.offset = offset
            return


def sources_of(settings: Settings, inbox: Inbox, store: Store) -> list[Source]:
    """Return all sources that are asked for."""
    feeds: list[Source] = [Feed(address, settings.topics, inbox) for address in settings.mqtt]
    return feeds + [Follower(path, inbox, store) for path in settings.follow]
