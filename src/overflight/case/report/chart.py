"""The look of the figures."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, PAPER, SEA, LAND, BORDER = "#1d2733", "#5b6b7b", "#ffffff", "#e9f0f5", "#f7f5f0", "#b9b4a8"
TRACK, BACK, AHEAD, TRUTH, SIGHTING = "#1d2733", "#0072b2", "#d55e00", "#009e73", "#cc3311"
"""Hues of Okabe and Ito (2008), told apart by colour-blind readers."""

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "text.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "overflight",
    "grid.color": "#dfe5ea",
    "grid.linewidth": 0.7,
}


def new_figure(width: float, height: float) -> Figure:
    """Return a figure that belongs to nobody's global state. [inches]"""
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path, kind: str) -> None:
    """Write a figure as PNG, PDF or SVG."""
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=150, format=kind)


def svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for a page; ids carry ``name`` so that figures do not share them."""
    stream = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(id="|xlink:href="#|url\(#)', lambda m: f"{m.group(1)}{name}-", text)
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg" '
                  r'xmlns:xlink="http://www.w3.org/1999/xlink" role="presentation">', text, count=1)  # fmt: skip
