"""What has come and is not yet kept: a bounded room between those who listen and the one who writes."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from overflight.errors import Unavailable
from overflight.serve.watch.batch import Batch

MOST_FRAMES = 200_000


@dataclass(slots=True)
class Given:
    """Frames whose giver waits until they are kept; of a file also how far it is read then."""

    batch: Batch
    done: Future[int]
    offset: tuple[str, str, int] | None = None


@dataclass(slots=True)
class Taken:
    """All that had come."""

    messages: list[bytes] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.messages or self.given)


class Inbox:
    """A bounded room; every method may be called from any thread."""

    def __init__(self) -> None:
        self.lost = 0
        self._lock = threading.Lock()
        self._come = threading.Event()
        self._now = Taken()
        self._frames = 0

    def hear(self, message: bytes) -> None:
        """Put a message of a feed; one too many is lost and counted, as a feed does not wait."""
        with self._lock:
            if self._frames >= MOST_FRAMES:
                self.lost += 1
                return
            self._now.messages.append(message)
            self._frames += 1
        self._come.set()

    def give(self, batch: Batch, offset: tuple[str, str, int] | None = None) -> Future[int]:
        """Put frames, and get what is done when they are kept.

        Raises
        ------
        Unavailable
            There is no room.
        """
        done: Future[int] = Future()
        with self._lock:
            if self._frames and self._frames + len(batch) > MOST_FRAMES:
                raise Unavailable(f"sightings: {self._frames:,} wait to be kept; try again in a moment")
            self._now.given.append(Given(batch, done, offset))
            self._frames += len(batch)
        self._come.set()
        return done

    def wait(self, seconds: float) -> bool:
        """Wait until something has come, for some time at most."""
        return self._come.wait(seconds)

    def wake(self) -> None:
        """End a wait."""
        self._come.set()

    def take(self) -> Taken:
        """Take all that has come."""
        with self._lock:
            taken, self._now, self._frames = self._now, Taken(), 0
            self._come.clear()
            return taken
