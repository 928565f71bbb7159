"""Figures of the study for the documentation: SVG without dates, the same bytes for the same numbers."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from validation import scores
from validation.strata import POWER_HOURS, POWER_SPEEDS_MS, POWER_STRATA, STRATA
from validation.tables import Found, power_reliability, sound

LOOK = {
    "svg.hashsalt": "overflight",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
BLUE, RED, GREEN, GREY = "#1f5fa8", "#c8452d", "#2f855a", "#6b7280"


def draw(found: Found, folder: Path) -> list[Path]:
    """Draw every figure for which the study holds rows; return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {"coverage": coverage, "size": size, "power": power}
    out = []
    with mpl.rc_context(LOOK):
        for name, figure in made.items():
            drawn = figure(found)
            if drawn is not None:
                path = folder / f"validation-{name}.svg"
                drawn.savefig(path, format="svg", metadata={"Date": None})
                out.append(path)
    return out


def coverage(found: Found) -> Figure | None:
    """Draw the share of truths within each ellipse, against the probability that it states."""
    by = {s.name: [r["rank"] for r in sound(found.get(("track", s.name, "passive"), []))] for s in STRATA}
    by = {n: r for n, r in by.items() if r}
    if not by:
        return None
    figure = Figure(figsize=(4.4, 3.6), layout="constrained")
    axes = figure.subplots()
    stated = np.linspace(0.0, 1.0, 101)
    for ranks in by.values():
        axes.plot(stated, [np.mean(np.array(ranks) < q) for q in stated], color=GREY, linewidth=0.7)
    every = np.concatenate([np.array(r) for r in by.values()])
    axes.plot(stated, [np.mean(every < q) for q in stated], color=BLUE, linewidth=1.8, label="all strata")
    axes.plot([0, 1], [0, 1], color=RED, linewidth=0.8, linestyle="--", label="as stated")
    axes.set(xlabel="probability of the ellipse", ylabel="share of truths in it",
             title="Track: coverage at a held-out hour", xlim=(0, 1), ylim=(0, 1))  # fmt: skip
    axes.legend(loc="upper left")
    return figure


def size(found: Found) -> Figure | None:
    """Draw false alarms at 1 % and 5 % by stratum with exact intervals, and the bars they must keep."""
    rows = [(s.name, sound(found.get(("drift", s.name, "passive"), []))) for s in STRATA]
    rows = [(n, r) for n, r in rows if r]
    if not rows:
        return None
    figure = Figure(figsize=(7.4, 0.28 * len(rows) + 1.2), layout="constrained")
    for axes, (alpha, low, high) in zip(
        figure.subplots(1, 2, sharey=True), ((0.01, 0.7, 1.3), (0.05, 4.3, 5.7)), strict=True
    ):
        axes.axvspan(low, high, color=GREEN, alpha=0.15)
        for i, (_, some) in enumerate(rows):
            hits = sum(r["p_value"] <= alpha for r in some)
            a, b = scores.clopper_pearson(hits, len(some))
            axes.plot([100 * a, 100 * b], [i, i], color=BLUE, linewidth=1)
            axes.plot([100 * hits / len(some)], [i], "o", color=BLUE, markersize=4)
        axes.set(xlabel="false alarms [%]", title=f"Passive flights at {100 * alpha:g} %")
        axes.set_xlim(left=0.0)
    figure.axes[0].set_yticks(range(len(rows)), [n for n, _ in rows], fontsize=7)
    figure.axes[0].invert_yaxis()
    return figure


def power(found: Found) -> Figure | None:
    """Draw the share noticed at 1 % against air-relative speed, by hours, and the power told against what came."""
    climates = list(dict.fromkeys((s.latitude, s.level) for s in POWER_STRATA))
    curves = {(climate, hours): _curve(found, climate, hours) for climate in climates for hours in POWER_HOURS}
    if not any(curves.values()):
        return None
    figure = Figure(figsize=(8.2, 3.0), layout="constrained")
    panels = figure.subplots(1, len(climates) + 1)
    shades = mpl.colormaps["viridis"](np.linspace(0.9, 0.1, len(POWER_HOURS)))
    for axes, climate in zip(panels[:-1], climates, strict=True):
        for hours, shade in zip(POWER_HOURS, shades, strict=True):
            if points := curves[climate, hours]:
                axes.plot(*zip(*points, strict=True), color=shade, marker=".", linewidth=1, label=f"{hours} h")
        axes.set(xlabel="speed through the air [m/s]", title=f"{climate[0]}, {climate[1]}", ylim=(0, 1.02))
    panels[0].set_ylabel("noticed at 1 %")
    panels[0].legend(loc="upper left")
    told = power_reliability(found)
    panels[-1].plot([0, 1], [0, 1], color=RED, linewidth=0.8, linestyle="--")
    panels[-1].plot([t for t, _, _ in told], [h for _, h, _ in told], "o-", color=BLUE, markersize=4, linewidth=1)
    panels[-1].set(xlabel="power told at 5 m/s", ylabel="noticed at 1 %", title="Told and found",
                   xlim=(0, 1), ylim=(0, 1.02))  # fmt: skip
    return figure


def _curve(found: Found, climate: tuple[str, str], hours: int) -> list[tuple[float, float]]:
    s = next(x for x in POWER_STRATA if (x.latitude, x.level, x.hours) == (*climate, hours))
    out = []
    for speed in POWER_SPEEDS_MS:
        rows = sound(found.get(("drift", s.name, f"powered-{speed:g}"), []))
        if rows:
            name = "p_value_powered" if "p_value_powered" in rows[0] else "p_value"
            out.append((speed, float(np.mean([r[name] <= 0.01 for r in rows]))))
    return out
