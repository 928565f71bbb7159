"""The countries as drawn for the map, which are shipped: they are those of the regions that are shipped."""

from pathlib import Path

import msgspec
import numpy as np
from shapely.geometry import shape

from overflight.airspace import countries
from overflight.serve import regions


def test_what_is_drawn_is_of_the_regions_that_are_shipped(tmp_path: Path) -> None:
    drawn = msgspec.json.decode(regions.features(regions.COUNTRIES, regions.USUAL, tmp_path))["features"]
    assert not list(tmp_path.iterdir())  # nothing had to be drawn
    known = {region.id: (number, region) for number, region in enumerate(countries().regions)}
    assert len({one["id"] for one in drawn}) == len(drawn) > 0.9 * len(known)
    for one in drawn:
        number, region = known[one["id"]]
        about = one["properties"]
        assert (about["number"], about["name"], about["kind"]) == (number, region.name, region.kind)
        assert about["disputed"] == region.is_disputed


def test_places_lie_in_the_drawn_countries_that_the_regions_say(tmp_path: Path) -> None:
    drawn = msgspec.json.decode(regions.features(regions.COUNTRIES, regions.USUAL, tmp_path))["features"]
    places = [shape(one["geometry"]).representative_point() for one in drawn]
    partition = countries().partition
    faces = partition.faces(np.array([place.y for place in places]), np.array([place.x for place in places]))
    right = [one["properties"]["number"] in partition.covers[face] for one, face in zip(drawn, faces, strict=True)]
    assert np.mean(right) > 0.97  # borders are simplified: a point within 0.05 degrees of one may lie beyond it
