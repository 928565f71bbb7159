"""What holds for the shipped regions everywhere."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overflight.airspace import pack

KINDS = {"land", "territorial sea", "high seas", "inland water", "disputed"}


@pytest.fixture(scope="module")
def layer():
    return pack.read(files("overflight.airspace").joinpath("data/regions.npz"))


def kinds_at(layer, lat, lon):
    return [
        [layer.regions[k].kind for k in layer.partition.covers[face]] or ["high seas"]
        for face in layer.partition.faces(np.asarray(lat), np.asarray(lon))
    ]


@given(
    lat=st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0]),
    lon=st.floats(-180, 180) | st.sampled_from([-180.0, 0.0, 180.0]),
)
def test_every_place_is_of_one_kind(layer, lat, lon):
    ((kind,),) = kinds_at(layer, [lat], [lon])

    assert kind in KINDS


def test_no_two_regions_overlap(layer):
    assert all(len(cover) <= 1 for cover in layer.partition.covers)
    assert sorted(cover[0] for cover in layer.partition.covers if cover) == list(range(len(layer)))


def test_both_sides_of_the_antimeridian_are_the_same(layer):
    lat = np.linspace(-89.9, 89.9, 20_001)
    regions = [layer.partition.faces(lat, np.full(lat.size, lon)) for lon in (179.999999, -179.999999)]

    assert (regions[0] != regions[1]).sum() <= 2  # a line that crosses it does so within 0.1 m


def test_ids_are_unique_and_each_sea_and_lake_has_its_land(layer):
    regions = {region.id: region for region in layer.regions}
    assert len(regions) == len(layer)
    for name, region in regions.items():
        coast = name.removesuffix("-sea").removesuffix("-water")
        assert coast == "caspian" or (regions[coast].administered_by, regions[coast].claimed_by) == (
            region.administered_by,
            region.claimed_by,
        )


def test_the_disputed_name_their_claimants_and_others_none(layer):
    for region in layer.regions:
        assert bool(region.claimed_by) == (region.kind == "disputed")
        assert region.administered_by not in region.claimed_by
        assert region.administered_by not in region.views.values()


def test_every_letter_is_that_of_a_region_or_of_a_state_in_one(layer):
    own = {region.id for region in layer.regions} | {region.administered_by for region in layer.regions}
    own |= {"TKL"}  # Tokelau, which is in New Zealand's row
    for region in layer.regions:
        assert set(region.claimed_by) <= own
        assert set(region.views) | set(region.views.values()) <= own


def test_nobody_is_said_to_see_its_own_region_as_another_s(layer):
    seen = [region for region in layer.regions if region.kind == "land" and region.views]

    assert {region.id for region in seen} <= {"CHN", "ISR"}
