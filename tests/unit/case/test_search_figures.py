"""The page of a search plan."""

from __future__ import annotations

import io

import h3.api.numpy_int as h3_int
import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from overflight.case.report.search_figures import A4, LISTED, figure, save
from overflight.geo.density import Density
from overflight.recover.search import Cells, Effort, plan
from overflight.recover.search.sensors import fixed

PLACES = {"lake": (45.0, -82.5), "antimeridian": (-17.0, 179.98), "pole": (89.97, 30.0)}


def planned(place, **changed):
    cell = np.sort(np.array(h3_int.grid_disk(h3_int.latlng_to_cell(*place, 7), 4), np.uint64))
    area = np.array([h3_int.cell_area(int(c), "m^2") for c in cell])
    cells = Cells(Density(cell, np.full(cell.size, 1 / cell.size), 0.0, area), np.full(cell.size, "water"))
    effort = {"hours": 3.0, "speed_ms": 50.0, "base": place, "endurance_h": 1.0} | changed
    return plan(cells, fixed(800.0), Effort(**effort))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_page_draws_every_sortie_whole_and_fits_a4(place):
    found = planned(place)
    drawn = figure(found)
    assert tuple(drawn.get_size_inches()) == A4
    axes = drawn.axes[0]
    lines = {line.get_label(): line for line in axes.get_lines()}
    for number, sortie in enumerate(found.sorties, start=1):
        x, y = lines[f"sortie {number}"].get_data()
        assert len(x) == len(sortie.places())
        length = np.hypot(np.diff(x), np.diff(y)).sum()
        assert length == pytest.approx((sortie.search_m + sortie.turning_m + sortie.transit_m) / 1000.0, rel=0.01)
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        assert west <= min(x) <= max(x) <= east
        assert south <= min(y) <= max(y) <= north
    cells = [c for c in axes.collections if isinstance(c, PolyCollection)]
    assert len(cells[-1].get_paths()) > 10


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_many_sorties_are_one_page_all_the_same(kind):
    found = planned(PLACES["lake"], hours=6.0, endurance_h=0.25)
    assert len(found.sorties) > LISTED
    stream = io.BytesIO()
    save(found, stream, kind)
    assert stream.getvalue()[:4] in (b"\x89PNG", b"%PDF")
