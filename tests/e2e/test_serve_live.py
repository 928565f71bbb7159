"""The watch inside the service: from a followed file to an alert, its figures, its backup; the balloons are made up."""

from __future__ import annotations

import time
from contextlib import contextmanager

import psycopg
import pytest
from serve_calls import FORECAST, begun, events, serving, write_winds
from test_serve_backup import command
from tests.watch_server import stamp, until

PATIENCE_S = 600.0
HEADER = "time,lat,lon,altitude_m,object\n"
RULE = {"name": "over Germany", "regions": ["DEU"], "probability": 0.2, "quiet_h": 24}


@pytest.fixture
def room(tmp_path):
    write_winds(tmp_path)
    return tmp_path


def rows(name, lat, lon, count=30):
    """Return the track of a balloon that goes east, up to now."""
    first = time.time() - 10.0 * count
    return [
        {"time": stamp(first + 10.0 * i), "lat": lat, "lon": round(lon + 3e-3 * i, 5), "altitude_m": 18_000, "object": name}
        for i in range(count)
    ]  # fmt: skip


def add(path, given):
    with path.open("a") as stream:
        stream.writelines(",".join(str(value) for value in row.values()) + "\n" for row in given)


def up(service):
    return {one["properties"]["balloon"] for one in service.get("/api/live").json()["features"]}


def alerts(service):
    return {one["alert"]: one["balloon"] for one in service.get("/api/alerts").json()}


@contextmanager
def stream_of(service):
    with service.client.stream("GET", "/api/live/events") as stream:
        yield events(stream.iter_lines())


def figures(service):
    lines = [line for line in service.get("/metrics").text.splitlines() if line.startswith("overflight_watch_")]
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_from_a_followed_file_to_an_alert_and_all_of_it_again_after_a_restore(room):  # noqa: PLR0915 - one story
    path = room / "seen.csv"
    path.write_text(HEADER)
    served = begun(room / "service", "--follow", path, "--rate", "0")
    assert served.client.post("/api/rules", json=RULE).status_code == 201
    with stream_of(served) as told:
        add(path, rows("followed", 50.0, 8.0))
        name, changed = next(one for one in told if one[1])
        assert (name, changed[0]["balloon"]) == ("balloons", "followed")
    posted = served.client.post("/api/sightings", json=rows("posted", 20.0, -150.0)).json()
    assert posted == {"accepted": 30, "rejected": []}
    until(lambda: up(served) == {"followed", "posted"}, PATIENCE_S)
    found = until(lambda: alerts(served), PATIENCE_S)
    assert set(found.values()) == {"followed"}
    one = until(lambda: (got := served.get("/api/live/posted").json())["cone"] and got, PATIENCE_S)
    assert len(one["positions"]) > 5
    assert "DEU" in [region["region"] for region in served.get("/api/live/followed").json()["regions"]]

    ready = served.get("/ready").json()
    assert ready["status"] == "ready"
    assert all("winds" in line for line in ready["watch"])  # those of this test are of 2022
    told = figures(served)
    assert told["overflight_watch_balloons"] == 2
    assert told["overflight_watch_forecasts"] >= 2
    collections = {one["id"] for one in served.get("/ogc/collections").json()["collections"]}
    assert {"live", "regions", "tracks"} <= collections
    near = served.get("/ogc/collections/live/items", params={"bbox": "0,40,20,60"}).json()
    assert [one["id"] for one in near["features"]] == ["followed"]

    done = command("backup", served.folder, room / "all.tar.gz", cwd=room)
    assert done.returncode == 0, done.stderr
    with stream_of(served) as stream:
        served.process.terminate()
        assert {name for name, _ in stream} <= {"balloons", "alert"}  # an open map does not hold a stop up
    assert served.stop() == 0
    done = command("restore", room / "all.tar.gz", room / "again", cwd=room)
    assert done.returncode == 0, done.stderr
    with serving(room / "again", "--follow", path, "--rate", "0") as again:
        assert up(again) == {"followed", "posted"}
        assert [rule["name"] for rule in again.get("/api/rules").json()] == [RULE["name"]]
        assert alerts(again) == found
        until(lambda: figures(again)["overflight_watch_forecasts"] >= 2, PATIENCE_S)
        assert alerts(again) == found  # no alert comes twice
        assert len(again.get("/api/live/followed").json()["positions"]) > 5


@pytest.fixture
def base(postgres):
    """Give a database of its own: others watch in the one that is shared."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE live")
    return postgres.replace("/postgres?", "/live?")


def test_jobs_tokens_and_the_watch_in_postgresql(room, base):
    made = command("serve", "token", "desk", "--role", "investigate", "--folder", room / "service", "--store", base,
                   cwd=room)  # fmt: skip
    assert made.returncode == 0, made.stderr
    token = made.stdout.split()[-1]
    with serving(room / "service", "--store", base, "--rate", "0") as served:
        assert served.get("/api/jobs").status_code == 401
        served.client.headers["Authorization"] = f"Bearer {token}"
        job = served.begin("forecast", FORECAST)
        assert served.until(job["job"], "done", "failed")["status"] == "done"
        assert served.client.post("/api/sightings", json=rows("posted", 50.0, 8.0)).json()["accepted"] == 30
        until(lambda: up(served) == {"posted"}, PATIENCE_S)
    assert not list((room / "service").glob("*.sqlite"))
    with serving(room / "service", "--store", base, "--rate", "0") as served:
        served.client.headers["Authorization"] = f"Bearer {token}"
        assert served.get(f"/api/jobs/{job['job']}").json()["status"] == "done"
        assert up(served) == {"posted"}
