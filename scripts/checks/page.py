"""Tables as text, the tables that stand in the documentation, and the look of the figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams.update({
    "svg.hashsalt": "overflight",  # the same picture for the same numbers
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
})  # fmt: skip
from matplotlib.figure import Figure  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "method" / "checks.md"
IMAGES = ROOT / "docs" / "images"
BLUE, RED, GREEN, GREY = "#1f5fa8", "#c8452d", "#2f855a", "#6b7280"

Rows = Sequence[Sequence[str]]


def table(header: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def documented(name: str, page: Path = PAGE) -> list[list[str]]:
    """Return the cells of the table that follows ``<!-- table: NAME -->`` in a page, without its header."""
    text = page.read_text(encoding="utf-8").split(f"<!-- table: {name} -->")[1]
    lines = re.findall(r"^\|(.*)\|$", text.split("\n\n")[0].strip() or text.split("\n\n")[1], flags=re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def alike(found: Rows, written: Rows, *, relative: float, absolute: float = 0.0) -> bool:
    """Whether two tables have the same words, and numbers that differ by no more than rounding and a tolerance."""
    shape = [len(row) for row in found] == [len(row) for row in written]
    cells = zip([c for row in found for c in row], [c for row in written for c in row], strict=True) if shape else ()
    return shape and all(_same(a, b, relative, absolute) for a, b in cells)


def _same(a: str, b: str, relative: float, absolute: float) -> bool:
    pattern = r"[+-]?\d[\d,]*\.?\d*"
    if re.sub(pattern, "#", a) != re.sub(pattern, "#", b):
        return False
    pairs = zip(*(re.findall(pattern, text.replace(",", "")) for text in (a, b)), strict=True)
    return all(abs(float(x) - float(y)) <= relative * abs(float(y)) + absolute + 1.01 * _digit(y) for x, y in pairs)


def _digit(number: str) -> float:
    """Return the last digit that a number shows."""
    return 10.0 ** -len(number.partition(".")[2])


def save(figure: Figure, name: str, folder: Path = IMAGES) -> Path:
    """Write a figure as SVG, without a date in it."""
    path = folder / f"checks-{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
