"""How often a client may ask: a bucket each, filled at an even rate."""

from __future__ import annotations

import time
from collections import OrderedDict

BURST_S = 5.0
"""A bucket holds what comes in so many seconds."""
MOST_CLIENTS = 10_000
"""Buckets kept; the one used longest ago goes first."""


class Limits:
    """Buckets of all clients of one process.

    Parameters
    ----------
    rate : requests a second; 0 is no limit.
    """

    def __init__(self, rate: float) -> None:
        self.rate, self.burst = rate, max(1.0, rate * BURST_S)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client: str, cost: float = 1.0) -> float:
        """Take ``cost`` out of a client's bucket; return how long to wait where it is empty. [s]"""
        if self.rate <= 0.0:
            return 0.0
        now = time.monotonic()
        held, at = self._buckets.pop(client, (self.burst, now))
        held = min(self.burst, held + (now - at) * self.rate)
        cost = min(cost, self.burst)
        wait = 0.0 if held >= cost else (cost - held) / self.rate
        self._buckets[client] = (held if wait else held - cost, now)
        while len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return wait
