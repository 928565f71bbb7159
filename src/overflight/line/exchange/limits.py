"""How much a party may send: a bucket of messages and one of bytes, filled as time goes by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

BURST_S = 10.0
"""What was not used for so long may come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a party may send in the long run.

    Attributes
    ----------
    messages_per_s, bytes_per_s : float.
    """

    messages_per_s: float = 20.0
    bytes_per_s: float = 1e6


class Limits:
    """The buckets of all parties; they are of this process, and lost with it without harm."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self._clock = rate, clock
        self._used: dict[str, tuple[float, float, float]] = {}

    def spend(self, party: str, size: int) -> float:
        """Take a message of ``size`` bytes from a party's buckets; return 0, or the seconds to wait.

        A message larger than the whole bucket passes when it is full, and leaves a debt.
        """
        now = self._clock()
        messages, octets, before = self._used.get(party, (0.0, 0.0, now))
        messages = max(0.0, messages - (now - before) * self.rate.messages_per_s)
        octets = max(0.0, octets - (now - before) * self.rate.bytes_per_s)
        over = max(
            (messages + 1.0) / self.rate.messages_per_s - BURST_S if messages else 0.0,
            (octets + size) / self.rate.bytes_per_s - BURST_S if octets else 0.0,
        )
        if over > 0.0:
            self._used[party] = (messages, octets, now)
            return over
        self._used[party] = (messages + 1.0, octets + size, now)
        return 0.0
