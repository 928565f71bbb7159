"""Figures of exposure show the numbers of the cube."""

import numpy as np
import pytest

from overflight.airspace.exposure import Plan, crossing_many, dates_between, expose, places_of, ranking
from overflight.case.report.exposure_figures import equal_earth, figure, origin_map
from overflight.drift import flows

WINDS = flows.winds(flows.Wave(), step_deg=10.0, hours=np.arange(0, 97, 12))


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    dates = dates_between(np.datetime64("2023-01-01"), np.datetime64("2023-01-02"), 24.0)
    plan = Plan(places=places_of(["grid:45"]), levels_m=(12_000.0, 18_000.0), dates=dates, days=3.0, members=2, seed=7)
    return expose(WINDS, plan, tmp_path_factory.mktemp("cube") / "cube.zarr")


def test_bars_are_as_high_as_places_are_many(cube):
    drawn = figure(cube, 3)
    places = next(axes for axes in drawn.axes if "Places from which 3" in axes.get_title(loc="left"))
    table = crossing_many(cube, 3)
    heights = [bar.get_height() for bar in places.patches]
    assert heights == [h for _, row in table.iterrows() for h in (row["places_any"], row["places_likely"])]
    assert max(heights) > 0


def test_a_steady_wind_is_called_no_climatology_in_every_figure(cube):
    steady = cube.assign_attrs(steady_winds=1)
    for drawn in (figure(steady), origin_map(steady, str(ranking(cube)["id"][0]))):
        assert drawn.get_suptitle().endswith("this is no climatology")
    assert "climatology" not in figure(cube).get_suptitle()


def test_the_map_of_a_country_marks_the_places_that_reach_it(cube):
    top = str(ranking(cube)["id"][0])
    number = cube["country"].values.tolist().index(top)
    reach = int((cube["probability"].isel(country=number).max(("level", "season")) > 0).sum())
    axes = origin_map(cube, top).axes[0]
    marked = [len(c.get_offsets()) for c in axes.collections[-2:]]
    assert marked == [cube.sizes["launch"] - reach, reach]


def test_the_projection_keeps_areas():
    lat, lon = np.meshgrid(np.arange(-85.0, 85.0, 5.0), np.arange(-170.0, 170.0, 10.0))
    x, y = (np.stack([equal_earth(lat + d, lon + e)[i] for d, e in ((0, 0), (0.01, 0), (0, 0.01))]) for i in (0, 1))
    area = np.abs((x[2] - x[0]) * (y[1] - y[0]) - (x[1] - x[0]) * (y[2] - y[0]))
    assert np.ptp(area / np.cos(np.radians(lat + 0.005))) < 2e-4 * area.max()
