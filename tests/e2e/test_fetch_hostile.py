"""Servers, disks and users that misbehave: each ends in whole files or in one clear line."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fetch_files import write_gfs
from fetch_server import Server

from overflight.errors import Interrupted, InvalidInput, OutOfCoverage, Unavailable
from overflight.winds.download import fetch
from overflight.winds.files import StoreBroken
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

RUN = datetime(2023, 1, 28, 0, tzinfo=UTC)
REQUEST = Request(source="gfs", start=RUN, end=RUN + timedelta(hours=3), levels_hpa=(500, 200, 100))
FIRST, SECOND = "f000", "f003"


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        write_gfs(running.root, RUN, (0, 3))
        yield running


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def get(server, store, request=REQUEST, *, tries=3, timeout_s=2.0, **more):
    client = Client(tries=tries, backoff_s=0.01, timeout_s=timeout_s)
    return fetch(request, store=store, config={"gfs": server.url}, client=client, **more)


def one_line(caught) -> str:
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("fault", ["500", "503", "429", "truncate", "reset", "ignore-range"])
@pytest.mark.parametrize("path", [".idx", FIRST])
def test_faults_that_pass(server, store, fault, path):
    server.faults[path] = [fault, fault]
    report = get(server, store)
    assert len(report.fetched) == 2
    assert report.failed == ()
    assert store.verify() == ()


def test_a_connection_that_stalls_is_taken_up(server, store):
    server.faults["f000.idx"] = ["stall"]
    server.faults["f003"] = ["", "stall"]  # index, then data
    report = get(server, store, timeout_s=0.3)
    assert len(report.fetched) == 2
    assert store.verify() == ()


def test_a_break_costs_only_what_is_left(server, store):
    server.faults["pgrb2.0p25.f000"] = ["", "reset"]
    whole = get(server, store).bytes
    assert server.sent < whole * 1.25 + 4000  # indices, and what the reset threw away


def test_a_server_that_never_knows_ranges_is_read_through_once_a_file(server, store):
    server.faults["/gfs."] = [("always", "ignore-range")]
    report = get(server, store)
    assert len(report.fetched) == 2
    assert server.count(FIRST) == 1
    assert store.verify() == ()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("404", "404 Not Found"),
        ("403", "403 Forbidden"),
        ("500", "500 Internal Server Error (3 tries)"),
        ("garbage", "message 1 is not GRIB"),
        ("wrong-range", "got Content-Range 'bytes"),
        ("clip", "before its index says"),
        ("truncate", "(3 tries)"),
    ],
)
def test_a_file_that_cannot_be_had_leaves_the_others(server, store, fault, words):
    # The index is good: the first request for f000 passes.
    server.faults[f"pgrb2.0p25.{FIRST}"] = ["", ("always", fault)]
    report = get(server, store)
    assert [entry.valid.hour for entry in report.fetched] == [3]
    assert [time.hour for time, _ in report.failed] == [0]
    with pytest.raises(Unavailable) as caught:
        report.or_raise()
    assert words in one_line(caught)
    assert server.url in one_line(caught)
    assert "1 of 2 times failed (the others are kept)" in one_line(caught)
    assert not list(store.root.rglob("*.grib2"))[1:]


def test_nothing_there_says_what_and_how_else(server, store):
    server.faults["/gfs."] = [("always", "403")]
    with pytest.raises(Unavailable) as caught:
        get(server, store)
    text = one_line(caught)
    assert "403 Forbidden; would fetch 2 files, about 17 MB, 2023-01-28T00:00:00Z..2023-01-28T03:00:00Z" in text
    assert "give a mirror with --url or OVERFLIGHT_GFS_URL, or a file with --winds FILE" in text


def test_no_network_is_found_out_once(store):
    began = time.monotonic()
    request = Request(source="gfs", start=RUN, end=RUN + timedelta(days=4), levels_hpa=(200,))
    client = Client(tries=2, backoff_s=0.01)
    with pytest.raises(Unavailable, match=r"cannot reach http://127.0.0.1:9/.*would fetch 33 files"):
        fetch(request, store=store, config={"gfs": "http://127.0.0.1:9"}, client=client)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("host", ["127.0.0.1:9", "no-such-host.invalid"])
def test_a_host_that_never_answered_is_tried_twice(caplog, host):
    caplog.set_level(logging.INFO, "overflight")
    with Client(backoff_s=60.0) as client, pytest.raises(Unavailable, match=f"cannot reach http://{host}/a"):
        client.get(f"http://{host}/a")
    assert [record.getMessage().endswith("trying again") for record in caplog.records] == [True]


def test_a_host_that_has_answered_is_tried_as_often_as_asked(caplog):
    caplog.set_level(logging.INFO, "overflight")
    with (
        contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening,
        Client(tries=5, backoff_s=0.01) as client,
    ):
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        answering = threading.Thread(target=answer_once, args=(listening,))
        answering.start()
        assert client.get(url) == b"a"
        answering.join()
        listening.close()
        with pytest.raises(Unavailable, match=f"cannot reach {url}"):
            client.get(url)
    assert sum(record.getMessage().endswith("trying again") for record in caplog.records) == 4


def answer_once(listening) -> None:
    with listening.accept()[0] as connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na")


@pytest.mark.parametrize("url", ["http://[bad", "ftp://somewhere/{YYYYMMDD}", "nonsense"])
def test_a_url_that_is_none(store, url):
    with pytest.raises(Unavailable) as caught:
        fetch(REQUEST, store=store, config={"gfs": url}, client=Client(tries=1))
    assert "would fetch" in one_line(caught)


@pytest.mark.parametrize("url", ["http://x/{DATE}", "http://x/{YYYYMMDD", "http://x/{}"])
def test_a_template_with_other_names(store, url):
    with pytest.raises(InvalidInput, match=r"gfs url: got .*, expected a URL with \{YYYYMMDD\}"):
        fetch(REQUEST, store=store, config={"gfs": url})


def test_an_unknown_source_in_the_configuration(store):
    with pytest.raises(InvalidInput, match="config: got 'nam', expected one of gfs, gefs, era5, ecmwf"):
        fetch(REQUEST, store=store, config={"nam": "http://x"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>welcome to the hotel network</html>", "not an index as wgrib2 writes it"),
        ("", "the index names no wind"),
        ("1:0:d=2023012800:UGRD:200 mb:anl:", "the index lacks v"),
        ("1:x:d=2023012800:UGRD:200 mb:anl:", "not an index as wgrib2 writes it"),
    ],
)
def test_an_index_that_is_none(server, store, text, words):
    for path in server.root.rglob("*.idx"):
        path.write_text(text)
    with pytest.raises(Unavailable) as caught:
        get(server, store, Request(source="gfs", start=RUN, end=RUN, levels_hpa=(200,)))
    assert words in one_line(caught)


def test_an_index_that_points_past_the_end(server, store):
    for path in server.root.rglob("*.f000"):
        path.write_bytes(path.read_bytes()[:5000])
    report = get(server, store)
    assert "past its end" in report.failed[0][1] or "before its index says" in report.failed[0][1]


def test_a_stale_index(server, store):
    # The file was written anew, one byte longer in front: no message begins where the index says.
    for path in server.root.rglob("*.f000"):
        path.write_bytes(b"G" + path.read_bytes())
    assert "is not GRIB" in get(server, store).failed[0][1]


def test_a_file_of_another_time(server, store):
    first, second = (next(server.root.rglob(f"*.{step}")) for step in (FIRST, SECOND))
    second.write_bytes(first.read_bytes())
    second.with_name(second.name + ".idx").write_bytes(first.with_name(first.name + ".idx").read_bytes())
    assert "got a field for 2023-01-28T00:00:00Z, expected 2023-01-28T03:00:00Z" in get(server, store).failed[0][1]


def test_ctrl_c_keeps_what_came_and_a_second_run_goes_on(server, store):
    server.faults[".idx"] = [("always", "")]
    server.faults[".f00"] = [("always", "slow")]
    server.slow_s = 0.1

    def interrupt() -> None:
        while server.sent < 4000:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted, match="the same command resumes: overflight winds fetch gfs --start"):
        get(server, store)
    parts = [path for path in store.root.rglob("*.part") if not path.name.endswith(".plan.part")]
    kept = sum(path.stat().st_size for path in parts)
    assert kept > 0
    assert store.entries() == ()
    server.faults.clear()
    server.sent = 0
    report = get(server, store)
    assert len(report.fetched) == 2
    assert report.bytes == sum(entry.size for entry in report.fetched) - kept
    assert store.verify() == ()
    assert {path.suffix for path in store.root.rglob("*") if path.is_file()} == {".grib2", ".json"}


def test_a_spoiled_part_is_thrown_away(server, store):
    server.faults[".f000"] = ["", "reset", ("always", "403")]
    get(server, store)
    part = next(path for path in store.root.rglob("*.part") if not path.name.endswith(".plan.part"))
    part.write_bytes(b"\0" * part.stat().st_size)
    server.faults.clear()
    assert len(get(server, store).fetched) == 1
    assert store.verify() == ()


PROGRAM = """
import sys
from datetime import datetime, timedelta, UTC
from overflight.winds.download import fetch
from overflight.winds.request import Request
from overflight.winds.store import Store
run = datetime(2023, 1, 28, tzinfo=UTC)
request = Request(source="gfs", start=run, end=run + timedelta(hours=3), levels_hpa=(500, 200, 100))
report = fetch(request, store=Store(sys.argv[1]), config={"gfs": sys.argv[2]})
print(len(report.fetched), len(report.reused), len(report.failed))
"""


def start(server, store, **more) -> subprocess.Popen:
    command = [sys.executable, "-c", PROGRAM, str(store.root), server.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_two_processes_that_want_the_same_share_one_download(server, store):
    server.faults[".f00"] = [("always", "slow")]
    server.slow_s = 0.01
    both = [start(server, store), start(server, store)]
    said = [process.communicate(timeout=60) for process in both]
    counts = [[int(n) for n in out.split()] for out, _ in said]
    assert [sum(column) for column in zip(*counts, strict=True)] == [2, 2, 0], said
    assert store.verify() == ()
    assert len(store.entries()) == 2


def test_a_killed_process_leaves_a_part_that_the_next_takes_up(server, store):
    server.faults[".idx"] = [("always", "")]
    server.faults[".f00"] = [("always", "slow")]
    server.slow_s = 0.05
    process = start(server, store)
    while not [p for p in store.root.rglob("*.part") if p.stat().st_size > 1000 and process.poll() is None]:
        time.sleep(0.02)
        assert process.poll() is None
    process.kill()
    process.communicate()
    server.faults.clear()
    report = get(server, store)
    assert len(report.fetched) == 2
    assert report.bytes < sum(entry.size for entry in report.fetched)
    assert store.verify() == ()


def test_a_full_disk_is_one_line(server, store):
    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = start(server, store, preexec_fn=small)
    _, problems = process.communicate(timeout=60)
    last = problems.strip().splitlines()[-1]
    assert "no space left; free some with `overflight winds list --prune`" in last
    assert "set OVERFLIGHT_WINDS_STORE to another folder" in last
    server.faults.clear()
    assert len(get(server, store).fetched) == 2


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreBroken, match="make it writable, or set OVERFLIGHT_WINDS_STORE"):
        get(server, Store(tmp_path / "file" / "store"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(server, store):
    store.root.mkdir()
    store.root.chmod(0o500)
    with pytest.raises(StoreBroken, match="permission denied; make it writable, or set"):
        get(server, store)


def test_a_folder_that_may_not_be_written_told_by_the_system(server, store, monkeypatch):
    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreBroken) as caught:
        get(server, store)
    assert one_line(caught).endswith(
        "permission denied; make it writable, or set OVERFLIGHT_WINDS_STORE to another folder"
    )


def test_offline_use_says_what_is_here_and_how_to_have_the_rest(server, store):
    get(server, store)
    later = Request(source="gfs", start=RUN, end=RUN + timedelta(hours=10), levels_hpa=(200,))
    with pytest.raises(OutOfCoverage) as caught:
        store.open(later)
    assert one_line(caught) == (
        "stored winds of gfs: asked for 2023-01-28T00:00:00Z..2023-01-28T10:00:00Z (global), "
        "have 2023-01-28T00:00:00Z..2023-01-28T03:00:00Z (global); fetch the rest: overflight winds fetch gfs "
        "--start 2023-01-28T06:00:00Z --end 2023-01-28T10:00:00Z --levels 200"
    )
