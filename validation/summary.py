"""The drift test in short: what was asked of it, and what the study saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from validation.strata import STRATA
from validation.tables import NOT_ENOUGH, POWERED, Found, Row, Table, everywhere, share, sound

WRONG = {
    "slow3": ("correlation times three times as long", "at most 3 %"),
    "tails3": ("tails of 3 degrees of freedom", "at most 3 %"),
    "steered": ("levels steered towards a place", "any levels: at most 1 %"),
    "double": ("wind error twice as large", "shown"),
    "half": ("wind error half as large", "shown"),
}
CALLED = {
    "passive": ("passive", "at most 1 %"),
    "steered": ("steered by level", "at most 1 %"),
    "powered-5": ("a steady 5 m/s", "-"),
}


def drift_summary(found: Found) -> Table:
    """Hold the false alarms, the misfits and the verdicts against their bars."""
    header = ["what", "bar", "seen"]
    rows = [*_size(found), *_misfit(found), *_called(found), *_enough(found)]
    return "Drift test: in short", header, rows


def _rate(rows: Sequence[Row], name: str, alpha: float) -> str:
    p = np.array([r[name] for r in rows])
    return f"{share(int(np.count_nonzero(p <= alpha)), p.size)} %"


def _by_stratum(found: Found, name: str, alpha: float) -> str:
    rates = {s.name: 100.0 * float(np.mean([r[name] <= alpha for r in rows]))
             for s in STRATA if (rows := sound(found.get(("drift", s.name, "passive"), [])))}  # fmt: skip
    worst = max(rates, key=lambda n: rates[n])
    return f"{min(rates.values()):.2f} to {rates[worst]:.2f} %, most in {worst}"


def _size(found: Found) -> list[list[str]]:
    rows = everywhere(found, "drift", "passive")
    if not rows:
        return []
    one, powered = "p_value", "p_value_powered"
    first = f"{_rate(rows, one, 0.01)} of {len(rows):,}"
    return [
        ["passive flights, p of one level at most 1 %", "0.7 to 1.3 %", first],
        ["the same by stratum", "none above 2 %", _by_stratum(found, one, 0.01)],
        ["p of one level at most 5 %", "4.3 to 5.7 %", _rate(rows, one, 0.05)],
        ["the same by stratum", "4.3 to 5.7 %", _by_stratum(found, one, 0.05)],
        ["p of any path of levels at most 1 %", "at most 1.3 %", _rate(rows, powered, 0.01)],
        ["the same by stratum", "none above 2 %", _by_stratum(found, powered, 0.01)],
    ]


def _misfit(found: Found) -> list[list[str]]:
    out = []
    for variant, (text, bar) in WRONG.items():
        if rows := everywhere(found, "drift", variant):
            both = ", ".join(_rate(rows, name, 0.01) for name in ("p_value", "p_value_powered"))
            out.append([f"{text}: p of one level, of any levels at most 1 %", bar, f"{both} of {len(rows):,}"])
    return out


def _called(found: Found) -> list[list[str]]:
    out = []
    for variant, (text, bar) in CALLED.items():
        if rows := everywhere(found, "verdict", variant):
            powered, untold = (sum(r["verdict"] == v for r in rows) for v in (POWERED, NOT_ENOUGH))
            seen = f"{share(powered, len(rows))} %, {100 * untold / len(rows):.0f} % of {len(rows):,}"
            out.append([f'{text}: called powered, "not enough data"', bar, seen])
    return out


def _enough(found: Found) -> list[list[str]]:
    rows = [r for (part, _, _), some in found.items() if part == "verdict" for r in sound(some)]
    low = [r for r in rows if r["power_5"] < 0.5]
    if not low:
        return []
    said = sum(r["verdict"] == NOT_ENOUGH for r in low)
    return [['"not enough data" where the power told at 5 m/s is below one half', "always", f"{said} of {len(low)}"]]
