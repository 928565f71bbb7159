"""What is known of a party's reach: when it was last heard of, how its clock differs, and when to try again."""

from __future__ import annotations

import random
import time

from overflight.line.exchange.line import Line
from overflight.line.exchange.receiving import MOST_SKEW_S
from overflight.line.exchange.tables import Row

LONGEST_PAUSE_S = 900.0


def note_contact(line: Line, party: str, skew_s: float) -> None:
    """Note that a party was heard of: what waits for it may go at once."""
    skew = round(skew_s) if abs(skew_s) > MOST_SKEW_S else 0
    with line.reading() as index:
        row = index.party(party)
    at = time.time()
    if row.skew_s == skew and row.tries == 0 and 0.0 <= at - row.seen_at < 10.0:
        return
    with line.writing() as work:
        work.index.set_party(party, seen_at=at, skew_s=skew, tries=0, next_try=0.0, error="")


def note_failure(line: Line, party: str, problem: str, wait_s: float = 0.0, most_s: float = LONGEST_PAUSE_S) -> float:
    """Note that a party could not be reached; return the pause, twice as long each time, with a jitter. [s]"""
    with line.writing() as work:
        row = work.index.party(party)
        pause: float = min(most_s, 2.0 ** min(row.tries, 20)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        pause = max(pause, wait_s)
        work.index.set_party(party, tries=row.tries + 1, next_try=time.time() + pause, error=problem)
    return float(pause)


def is_due(row: Row, most_s: float = LONGEST_PAUSE_S) -> bool:
    """Say whether a party may be tried; a time further off than any pause is a clock that was set back."""
    wait = row.next_try - time.time()
    return bool(row.address) and not 0.0 < wait <= 2.0 * most_s
