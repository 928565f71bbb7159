"""OGC API - Features, as a client reads it: by following links from the landing page."""

from __future__ import annotations

import pytest
from serve_calls import FORECAST, detail, serving, write_winds


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ogc")
    write_winds(folder)
    with serving(folder / "service", "--rate", "0") as served:
        yield served


def follow(service, document, rel) -> str:
    return next(one["href"] for one in document["links"] if one["rel"] == rel)


def pages(service, url):
    while url:
        answer = service.get(url)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/geo+json")
        page = answer.json()
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"])
        yield page
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)


def test_a_client_finds_every_feature_by_links_alone(service):
    landing = service.get("/ogc").json() if service.get("/ogc").status_code == 200 else service.get("/ogc/").json()
    conformance = service.get(follow(service, landing, "conformance")).json()["conformsTo"]
    for part in ("core", "geojson", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" in conformance
    openapi = service.get(follow(service, landing, "service-desc"))
    assert openapi.json()["openapi"].startswith("3.")
    collections = service.get(follow(service, landing, "data")).json()["collections"]
    regions = next(one for one in collections if one["id"] == "regions")
    assert service.get(follow(service, regions, "self")).json()["id"] == "regions"
    found = list(pages(service, f"{follow(service, regions, 'items')}?limit=200"))
    ids = [one["id"] for page in found for one in page["features"]]
    assert len(ids) == len(set(ids)) == found[0]["numberMatched"] > 600
    one = service.get(f"{follow(service, regions, 'items')}/FRA")
    assert one.json()["id"] == "FRA"
    assert follow(service, one.json(), "self").endswith("/ogc/collections/regions/items/FRA")


def matched(service, **query) -> set[str]:
    query |= {"limit": "1000"}
    answer = service.get("/ogc/collections/regions/items", params=query)
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()["features"]}


def test_a_box_finds_what_it_touches_also_over_the_antimeridian(service):
    assert {"DEU", "FRA"} <= matched(service, bbox="7,48,9,50")
    assert not {"GBR", "USA", "RUS"} & matched(service, bbox="7,48,9,50")
    assert {"FJI", "FJI-sea"} <= matched(service, bbox="177,-19,-178,-16")
    assert matched(service, bbox="177,-19,-178,-16") == matched(service, bbox="177,-19,182,-16")
    assert "DEU" in matched(service, bbox="7,48,0,9,50,20000")


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ({"bbox": "a"}, "bbox: got 'a', expected west,south,east,north in degrees"),
        ({"bbox": "1,2,3"}, "bbox: got '1,2,3'"),
        ({"bbox": "0,50,1,40"}, "bbox: got '0,50,1,40'"),
        ({"bbox": "nan,0,1,1"}, "bbox: got 'nan,0,1,1'"),
        ({"limit": "0"}, "limit: got '0', expected a whole number from 1 to 10,000"),
        ({"limit": "1e3"}, "limit: got '1e3'"),
        ({"offset": "-1"}, "offset: got '-1'"),
        ({"datetime": "never"}, "datetime: got 'never'"),
        ({"datetime": "../.."}, "datetime: got '../..', expected a time or FIRST/LAST"),
        ({"datetime": "2023-02-01T00:00:00Z/2022-02-01T00:00:00Z"}, "datetime: got"),
        ({"colour": "red"}, "colour: got an unknown parameter"),
        ({"bbox-crs": "EPSG:4326"}, "bbox-crs: got 'EPSG:4326'"),
    ],
)
def test_a_bad_query_is_one_clear_line(service, query, line):
    assert detail(service.get("/ogc/collections/regions/items", params=query), 400).startswith(line)


def test_what_is_not_there(service):
    assert detail(service.get("/ogc/collections/ships"), 404).startswith("collection: got 'ships', expected regions")
    assert detail(service.get("/ogc/collections/regions/items/XXX"), 404).startswith("feature: got 'XXX'")


def test_a_forecast_is_among_the_tracks_in_its_own_time(service):
    job = service.begin("forecast", FORECAST | {"output": "geojson"})
    assert service.until(job["job"], "done", "failed")["status"] == "done"
    whole = service.get("/ogc/collections/tracks/items").json()
    mine = [one for one in whole["features"] if one["properties"]["job"] == job["job"]]
    assert len(mine) == FORECAST["members"]
    within = service.get("/ogc/collections/tracks/items", params={"bbox": "0,50,20,60"}).json()
    assert within["numberMatched"] == whole["numberMatched"]
    assert service.get("/ogc/collections/tracks/items", params={"bbox": "100,0,110,10"}).json()["features"] == []
    one = service.get(f"/ogc/collections/tracks/items/{mine[0]['id']}").json()
    assert one["geometry"] == mine[0]["geometry"]
