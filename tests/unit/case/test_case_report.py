"""The report's table says of each sighting what holds of it, and its launch map is right at the antimeridian."""

from dataclasses import replace

import h3.api.numpy_int as h3
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from matplotlib.collections import PolyCollection

from overflight.case.report.content import ReportContent
from overflight.case.report.figures import cell_shapes
from overflight.case.report.ground import Projection
from overflight.case.report.origin_section import SHADES
from overflight.case.report.origin_section import figure as origin_map
from overflight.case.report.page import write_report
from overflight.drift import flows
from overflight.geo.density import Density
from overflight.infer import origin, track
from overflight.sightings import read


def content(folder, rows, *, east_ms=20.0):
    (folder / "s.csv").write_text("time,lat,lon,altitude_m,position_sd_km,note\n" + rows)
    winds = flows.winds(
        flows.Uniform(east_ms=(east_ms,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 49.0, 6.0)
    )
    seen = read(folder / "s.csv").sightings
    found = track(seen, winds, seed=1, members=60)
    return ReportContent(title="synthetic", summary=(), sightings=seen, track=found,
                         origin=origin(found, winds, hours_back=12.0))  # fmt: skip


def residuals(page):
    """Return note and residual of each row of the table of sightings."""
    rows = [row.split("</td>") for row in page.split("<tbody>")[-2].split("</tbody>")[0].split("<tr>")[1:]]
    return {row[8].removeprefix("<td>"): row[5].rpartition(">")[2] for row in rows}


def test_residuals_stand_beside_their_own_sighting(tmp_path):
    """Two witnesses at one time, one of them 60 km off; then the same sightings in another order."""
    rows = (
        "2023-01-01T12:00:00Z,40.0,0.0,20600,5,start\n"
        "2023-01-01T15:00:00Z,40.54,2.6,20600,5,far\n2023-01-01T15:00:00Z,40.0,2.6,20600,5,near\n"
        "2023-01-01T18:00:00Z,40.0,5.2,20600,5,end\n"
    )
    given = content(tmp_path, rows)
    write_report(given, tmp_path / "a.html")
    told = residuals((tmp_path / "a.html").read_text())
    assert set(told) == {"start", "far", "near", "end"}
    assert float(told["far"]) > float(told["near"]) > float(told["start"])
    for order in ([3, 1, 0, 2], [2, 3, 1, 0]):
        turned = tuple(given.sightings[i] for i in order)
        for case in (
            replace(given, sightings=turned),
            replace(given, sightings=turned, track=retracked(given, turned)),
        ):
            write_report(case, tmp_path / "b.html")
            again = residuals((tmp_path / "b.html").read_text())
            assert list(again) == [seen.note for seen in turned]
            assert {name: float(km) for name, km in again.items()} == pytest.approx(
                {name: float(km) for name, km in told.items()}, abs=0.11
            )


def retracked(given, sightings):
    winds = flows.winds(flows.Uniform(east_ms=(20.0,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 49.0, 6.0))
    return track(sightings, winds, seed=1, members=60)


@pytest.mark.parametrize(("lat", "lon"), [(52.0, 179.8), (-35.0, -179.9), (89.5, 30.0), (-89.9, 180.0), (45.0, 10.0)])
def test_every_cell_is_one_shape_of_its_area(lat, lon):
    ring = [h3.cell_to_latlng(int(cell)) for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, 4), 4)]
    density = Density.from_points(*np.array(ring).T, resolution=4)
    projection = Projection(lat, lon)
    shapes, drawn = cell_shapes(density, projection)
    assert drawn.all()
    areas = np.array([shapely.Polygon(shape).area for shape in shapes])
    assert areas == pytest.approx(density.cell_area_m2 / 1e6, rel=0.01)
    union = shapely.union_all([shapely.Polygon(shape).buffer(0.5) for shape in shapes])
    assert union.geom_type == "Polygon"
    assert not union.interiors


def test_cells_about_the_antipode_are_left_out():
    density = Density.from_points([10.0, -10.0], [20.0, -160.0], resolution=3)
    shapes, drawn = cell_shapes(density, Projection(10.0, 20.0))
    assert drawn.tolist() == [abs(lat - 10.0) < 2.0 for lat, _ in density.centres()]
    assert len(shapes) == 1


def test_the_launch_map_over_the_antimeridian_has_every_cell_inside_the_frame(tmp_path):
    rows = "2023-01-01T14:00:00Z,52.0,-179.0,20600,5,first\n2023-01-01T16:00:00Z,52.0,-176.9,20600,5,second\n"
    given = content(tmp_path, rows)
    density = given.origin.density
    lon = density.centres()[:, 1]
    assert (lon > 0.0).any()
    assert (lon < 0.0).any()
    figure = origin_map(given.origin)
    axes = figure.axes[0]
    drawn = [c for c in axes.collections if isinstance(c, PolyCollection) and len(c.get_paths()[0].vertices) in (6, 7)]
    paths = [path.vertices for c in drawn for path in c.get_paths()]
    assert len(paths) == sum(np.count_nonzero(density.region(level)) for level, _ in SHADES)
    corners = np.concatenate(paths)
    assert np.abs(corners[:, 0]).max() < axes.get_xlim()[1]
    assert np.abs(corners[:, 1]).max() < axes.get_ylim()[1]
    with mpl.rc_context():
        figure.savefig(tmp_path / "map.png", dpi=60)
    assert (tmp_path / "map.png").stat().st_size > 10_000
