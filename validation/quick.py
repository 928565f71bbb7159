"""A small study of all strata, in memory: enough to see gross failure, within about three minutes."""

from __future__ import annotations

from collections.abc import Callable

from validation.cases import Block, Study, run_block
from validation.judges import Effort
from validation.strata import STRATA
from validation.tables import Found, markdown, tables

DRIFT_CASES, TRACK_CASES, POWER_CASES, ORIGIN_CASES = 12, 8, 12, 3
POWERED = ("middle-16km-48h-6-table-reported", "polar-16km-48h-6-table-reported")
POWERED_MS = 10
ORIGINS = ("middle-12km-12h-12-coarse-reported", "polar-20km-12h-3-stated-reported")
EFFORT = Effort(members=200, simulated=199, launches=4_000)


def blocks() -> list[Block]:
    """Return what the small study computes."""

    def block(part: str, name: str, count: int, variant: str = "passive") -> Block:
        return Block(part=part, stratum=name, variant=variant, first=0, count=count)

    return [
        *(block("track", s.name, TRACK_CASES) for s in STRATA),
        *(block("drift", s.name, DRIFT_CASES) for s in STRATA),
        *(block("verdict", name, POWER_CASES, f"powered-{POWERED_MS}") for name in POWERED),
        *(block("origin", name, ORIGIN_CASES) for name in ORIGINS),
    ]


def found(*, seed: int, told: Callable[[str], None] = lambda _: None) -> Found:
    """Compute the small study and return its rows."""
    rows: Found = {}
    for block in blocks():
        told(f"{block.part} {block.stratum} {block.variant}")
        rows[block.part, block.stratum, block.variant] = run_block(block, Study(seed=seed, effort=EFFORT))
    return rows


def quick(*, seed: int) -> int:
    """Compute the small study, print its tables, and return the exit code."""
    print("\n\n".join(markdown(t) for t in tables(found(seed=seed))))
    return 0
