"""The same areas come out of every format; whatever bytes a file holds, it is read or refused in one line."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import shapely
from area_files import (
    PAIR,
    SHAPES,
    SQUARE,
    geojson,
    geopackage,
    geoparquet,
    kml,
    rings,
    shapefile,
    zipped,
)

from overflight.airspace.sources import Naming, read_regions
from overflight.errors import InvalidInput

WRITERS = {
    "a.geojson": geojson, "a.json": geojson, "a.gpkg": geopackage, "a.parquet": geoparquet, "a.kml": kml, "a.kmz": kml,
    "a.shp": shapefile, "shp.zip": lambda path: zipped(path, shapefile(path.with_name("b.shp"))),
    "gpkg.zip": lambda path: zipped(path, geopackage(path.with_name("b.gpkg"))),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_areas(tmp_path, name):
    regions, geometries = read_regions(WRITERS[name](tmp_path / name))
    assert [(region.id, region.name, region.kind) for region in regions] == [
        ("A", "Ärea", "user"),
        ("B", "Pair", "user"),
    ]
    assert regions[0].floor_m == pytest.approx(304.8)
    assert regions[1].floor_m is None
    assert [region.source for region in regions] == [name] * 2
    assert regions[0].version.startswith("sha256 ")
    assert regions[0].licence == "not stated"
    for geometry, shape in zip(geometries, SHAPES, strict=True):
        assert geometry.geom_type == "MultiPolygon"
        assert shapely.symmetric_difference(geometry, shape).area == 0.0


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_short_or_changed_is_refused_in_one_line(tmp_path, name):
    whole = WRITERS[name](tmp_path / name).read_bytes()
    random = np.random.default_rng(zlib.crc32(name.encode()))
    refused = 0
    for at in [0, 1, 3, *random.integers(len(whole), size=60)]:
        changed = whole[:at] if at % 2 or at == 0 else whole[:at] + random.bytes(1) + whole[at + 1 :]
        (tmp_path / name).write_bytes(changed)
        try:
            regions, geometries = read_regions(tmp_path / name)
        except InvalidInput as problem:
            assert "\n" not in str(problem)
            refused += 1
        else:
            assert len(regions) == len(geometries)
    assert refused > 10


def line(path, **options) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_regions(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("name", "content", "said"), [
    ("a.geojson", b"", "a.geojson: regions: got an empty file, expected areas"),
    ("a.geojson", b"\xff\xfe{", "a.geojson: geojson: got "),
    ("a.geojson", b"[1]", "a.geojson: geojson: got no object, expected a FeatureCollection, a Feature or a geometry"),
    ("a.geojson", b'{"type": "Topology"}', "a.geojson: geojson: got type 'Topology', expected "),
    ("a.geojson", b'{"type": "FeatureCollection"}', "a.geojson: geojson: got no features, expected a list of them"),
    ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "a.geojson: regions: got no features, expected at least one polygon"),
    ("a.geojson", b"[" * 100_000, "a.geojson: geojson: got "),
    ("a.geojson", b'{"type":"GeometryCollection","geometries":[' * 200 + b"]}" * 200, "a.geojson: "),
    ("a.geojson", b'{"type":"Polygon","coordinates":[[["x",1]]]}', "a.geojson: feature 1: geometry: got coordinates that are no places, expected [longitude, latitude]"),
    ("a.geojson", b'{"type":"Feature","properties":{"name":"spot"},"geometry":{"type":"Point","coordinates":[1,2]}}', "a.geojson: regions: got features without polygons (1), expected at least one polygon"),
    ("a.gpkg", b"SQLite format 3\0" + bytes(100), "a.gpkg: geopackage: got "),
    ("a.parquet", b"PAR1PAR1", "a.parquet: geoparquet: got "),
    ("a.kml", b"<gpx/>", "a.kml: xml: got the element 'gpx', expected a kml element"),
    ("a.kml", b"<!DOCTYPE kml [<!ENTITY a 'b'>]><kml/>", "a.kml: xml: got a document type declaration, expected none"),
    ("a.zip", b"PK\3\4", "a.zip: zip: got a zip file that is broken"),
    ("a.txt", b"x", "a.txt: regions: got the suffix '.txt', expected one of .geojson, .geoparquet, .gpkg, .json, .kml, .kmz, .parquet, .shp, .zip"),
])  # fmt: skip
def test_what_is_no_file_of_areas(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert line(tmp_path / name).startswith(said)


def test_a_file_that_is_not_there(tmp_path):
    assert line(tmp_path / "none.geojson").endswith(
        "none.geojson: regions: got No such file or directory, expected a file to read"
    )


def test_features_that_are_no_areas_are_left_out_with_a_word(tmp_path, caplog):
    regions, _ = read_regions(geojson(tmp_path / "a.geojson", [SQUARE, None], [{"id": "A"}, {"id": "none"}]))
    assert [region.id for region in regions] == ["A"]
    assert caplog.messages == ["a.geojson: features that are no areas were left out: 1"]


@pytest.mark.parametrize(
    ("crs", "is_taken"), [("urn:ogc:def:crs:OGC:1.3:CRS84", True), ("EPSG:4258", True), ("EPSG:3857", False)]
)
def test_the_coordinate_system_of_geojson(tmp_path, crs, is_taken):
    path = geojson(tmp_path / "a.geojson", crs={"type": "name", "properties": {"name": crs}})
    if is_taken:
        assert len(read_regions(path)[0]) == 2
    else:
        assert (
            line(path)
            == "a.geojson: crs: got EPSG:3857, expected EPSG:4326 (WGS 84); reproject it: ogr2ogr -t_srs EPSG:4326 OUT.gpkg IN"
        )


def test_projected_coordinates_are_refused_in_every_format(tmp_path):
    hint = "expected EPSG:4326 (WGS 84); reproject it: ogr2ogr -t_srs EPSG:4326 OUT.gpkg IN"
    assert line(geopackage(tmp_path / "a.gpkg", srs=25832)) == f"a.gpkg: areas: crs: got EPSG:25832, {hint}"
    utm = 'PROJCS["ETRS_1989_UTM_Zone_32N",' + 'GEOGCS["x"]]'
    assert line(shapefile(tmp_path / "a.shp", prj=utm)) == f"a.shp: crs: got ETRS_1989_UTM_Zone_32N, {hint}"
    old = {"type": "GeographicCRS", "name": "ED50", "datum": {"ellipsoid": {"semi_major_axis": 6378388}}}
    assert line(geoparquet(tmp_path / "a.parquet", crs=old)) == f"a.parquet: crs: got ED50, {hint}"
    assert "unknown, says the file" in line(geoparquet(tmp_path / "a.parquet", crs=None))


def test_a_geopackage_of_several_layers_wants_a_name(tmp_path):
    path = geopackage(tmp_path / "a.gpkg", layers=("east", "west"))
    assert line(path) == "a.gpkg: layer: got 2 layers of areas: east, west, expected one, or its name"
    assert line(path, naming=Naming(layer="north")) == "a.gpkg: layer: got 'north', expected one of east, west"
    assert len(read_regions(path, naming=Naming(layer="west"))[0]) == 2


def test_a_zip_of_several_files_wants_a_name(tmp_path):
    path = zipped(
        tmp_path / "a.zip", shapefile(tmp_path / "east.shp"), geojson(tmp_path / "west.geojson"), east="5.1.1\n"
    )
    assert line(path) == "a.zip: zip: got 2 files of areas in it: east, west, expected one, or its name as the layer"
    assert read_regions(path, naming=Naming(layer="east"))[0][0].version == "5.1.1"


def test_a_shapefile_lacks_its_table_or_is_in_another_encoding(tmp_path):
    path = shapefile(tmp_path / "a.shp", encoding="latin-1")
    assert (
        line(path)
        == "a.dbf: attributes: got text that is no utf-8, expected utf-8; a .cpg file beside it names the encoding, as ISO-8859-1"
    )
    path.with_suffix(".cpg").write_text("ISO-8859-1")
    assert read_regions(path)[0][0].name == "Ärea"
    path.with_suffix(".dbf").unlink()
    assert line(path) == "a.shp: shapefile: got no .dbf beside it, expected the file with the attributes"


def test_geojson_takes_a_bare_geometry_and_a_collection(tmp_path):
    path = tmp_path / "ring.geojson"
    path.write_text(shapely.to_geojson(shapely.GeometryCollection([PAIR, shapely.Point(1, 1)])))
    regions, geometries = read_regions(path)
    assert regions[0].id == "ring-1"
    assert geometries[0].equals(PAIR)


def test_a_mark_of_order_and_a_third_coordinate_are_passed_over(tmp_path):
    path = rings(tmp_path / "a.geojson", [[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_regions(path)[1][0].area == pytest.approx(0.5)
