"""The launch map is right at the antimeridian, the poles and the antipode."""

import h3.api.numpy_int as h3
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from matplotlib.collections import PolyCollection

from overflight.case.report.case_charts import SHADES
from overflight.case.report.ground import Projection, cell_shapes
from overflight.case.report.origin_section import figure as origin_map
from overflight.drift import flows
from overflight.geo.density import Density
from overflight.infer import origin, track
from overflight.sightings import read


def launched(folder, rows):
    (folder / "s.csv").write_text("time,lat,lon,altitude_m,position_sd_km,note\n" + rows)
    winds = flows.winds(flows.Uniform(east_ms=(20.0,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 49.0, 6.0))
    found = track(read(folder / "s.csv").sightings, winds, seed=1, members=60)
    return origin(found, winds, hours_back=12.0)


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
    found = launched(tmp_path, rows)
    density = found.density
    lon = density.centres()[:, 1]
    assert (lon > 0.0).any()
    assert (lon < 0.0).any()
    figure = origin_map(found)
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
