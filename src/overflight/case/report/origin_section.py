"""Where it may have been launched, as a table of cells and as its figure."""

from __future__ import annotations

import h3
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from overflight.case.report import case_charts
from overflight.case.report.words import words
from overflight.infer import Origin


def cells(found: Origin) -> pd.DataFrame:
    """Return one row a cell and window of time that has probability."""
    density, windows = found.density, found.windows
    at, cell = np.nonzero(windows.table > 0.0)
    centre, inside = density.centres(), {q: density.region(q) for q in (0.5, 0.9, 0.99)}
    region = np.select([inside[q] for q in (0.5, 0.9, 0.99)], [0.5, 0.9, 0.99], 1.0)
    return pd.DataFrame(
        {
            "cell": [h3.int_to_str(int(c)) for c in density.cell[cell]],
            "lat": centre[cell, 0],
            "lon": centre[cell, 1],
            "window_from": windows.edges[at],
            "window_to": windows.edges[at + 1],
            "probability": windows.table[at, cell],
            "region_of_cell": region[cell],
        }
    )


def figure(found: Origin) -> Figure:
    """Draw the 50, 90 and 99 % regions with the likeliest sites, and when it was launched below."""
    told = found.to_json()
    sites = [site for site in told["sites"] if site["probability"] >= case_charts.LEAST_SITE]
    return case_charts.regions(found.density, words("en"), sites=sites, windows=told["windows"])
