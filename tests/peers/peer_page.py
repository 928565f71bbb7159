"""The figures of ``docs/method/drift.md``, held to what the tests measure."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "method" / "drift.md"


def held_to_page(name: str, winds: str, distances: list[np.ndarray], figures: tuple[float, ...]) -> None:
    """Print quantiles of distances [m] as a row of the page, and demand that the page says about the same."""
    found = [float(np.quantile(d, q)) for d in distances for q in figures]
    sys.stdout.write(f"| {name} | {winds} | {' | '.join(f'{figure:.0f}' for figure in found)} |\n")
    row = re.search(rf"^\| {re.escape(name)} \| {re.escape(winds)} \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert row, f"docs/method/drift.md has no row for {name} on {winds}"
    for said, measured in zip(map(float, row[1].split("|")), found, strict=True):
        assert measured == pytest.approx(said, rel=0.5, abs=50.0), "bring docs/method/drift.md up to date"
