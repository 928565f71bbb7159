"""The live feed, from a real broker on this machine over MQTT and over a websocket; the rows are made up."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest
from amqtt.broker import Broker

from overflight.errors import InvalidInput, Unavailable
from overflight.sightings import read
from overflight.sightings.sondehub_live import listen, messages, write_down

ROW = {
    "serial": "S1234567", "datetime": "2023-02-01T12:00:00Z", "lat": 50.1, "lon": 8.2, "alt": 12000.5, "frame": 1000,
    "uploader_callsign": "N0CALL",
}  # fmt: skip


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def broker():
    """Run a broker in a thread of its own; give its addresses."""
    tcp, web = free_port(), free_port()
    listeners = {
        "default": {"type": "tcp", "bind": f"127.0.0.1:{tcp}"},
        "web": {"type": "ws", "bind": f"127.0.0.1:{web}"},
    }
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    loop = asyncio.new_event_loop()
    up = threading.Event()

    async def serve():
        serving = Broker({"listeners": listeners, "plugins": plugins}, loop=loop)
        await serving.start()
        up.set()
        await stop.wait()
        await serving.shutdown()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert up.wait(20)
    try:
        yield f"mqtt://127.0.0.1:{tcp}", f"ws://127.0.0.1:{web}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


@contextmanager
def sender(address, payloads):
    """Send payloads over and over while the test listens."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", int(address.rpartition(":")[2]))
    client.loop_start()
    done = threading.Event()

    def send():
        while not done.is_set():
            for topic, payload in payloads:
                client.publish(topic, payload)
            time.sleep(0.05)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(10)
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("way", [0, 1], ids=["mqtt", "websocket"])
def test_what_a_broker_sends_is_written_down_and_read(tmp_path, way):
    path = tmp_path / "heard.jsonl"
    both = [ROW | {"uploader_callsign": "N1CALL"}, ROW | {"frame": 1001, "datetime": "2023-02-01T12:00:01Z"}]
    payloads = [
        ("sondes/S1234567", json.dumps(ROW, indent=1)),
        ("sondes/S1234567", json.dumps(both)),
        ("sondes/S1234567", b"rubbish\n\xff"),
        ("amateur/N0CALL", json.dumps(ROW | {"serial": "not asked for"})),
    ]
    with broker() as addresses, sender(addresses[0], payloads):
        found = listen(path, seconds=2.0, address=lambda: addresses[way])
    assert found.serials == ("S1234567",)
    assert len(found) == 2
    assert found.receivers.tolist() == [2, 1]
    assert found.problems
    assert all("JSON" in str(problem) for problem in found.problems)
    reading = read(path)
    assert len(reading.sightings) == 2
    assert reading.sightings[0].altitude.value_m == 12000.5
    assert reading.evidence_sha256 == found.files[0].sha256


def test_a_broker_that_says_nothing_or_is_not_there(tmp_path):
    with broker() as (address, _), pytest.raises(Unavailable, match=r"nothing heard in 0\.5 s"):
        listen(tmp_path / "heard.jsonl", seconds=0.5, address=address)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached"):
        listen(tmp_path / "heard.jsonl", seconds=0.5, address=f"mqtt://127.0.0.1:{free_port()}")
    for wrong in ("https://127.0.0.1", "127.0.0.1:1883", ""):
        with pytest.raises(InvalidInput, match="expected an address of mqtt"):
            next(messages(wrong, seconds=1.0))
    assert not list(tmp_path.iterdir())


def test_what_was_heard_until_an_interruption_is_kept(tmp_path):
    def heard():
        yield json.dumps(ROW).encode()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_down(tmp_path / "heard.jsonl", heard())
    assert [path.name for path in tmp_path.iterdir()] == ["heard.jsonl"]
    assert len(read(tmp_path / "heard.jsonl").sightings) == 1
    with pytest.raises(InvalidInput, match="expected a place that can be written"):
        write_down(tmp_path / "none" / "heard.jsonl", [b"{}"])


def test_the_feed_goes_on_after_a_broker_went_away(tmp_path):
    """A second broker, as an address fetched anew may name, is listened to after the first is gone."""
    payloads = [("sondes/S1234567", json.dumps(ROW))]
    with broker() as second:
        with broker() as first, sender(first[0], payloads):
            addresses = iter([first[0]])
            heard = messages(lambda: next(addresses, second[0]), seconds=20.0)
            assert json.loads(next(heard)) == ROW
        other = ROW | {"frame": 5}
        with sender(second[0], [("sondes/S1234567", json.dumps(other))]):
            assert any(json.loads(message) == other for message in heard)
        heard.close()
