"""The life of a job: progress, done, the same again, cancelled, failed, and what a service leaves when it goes."""

from __future__ import annotations

import json
import signal
import time

import pytest
from serve_calls import FORECAST, LONG, SIGHTINGS, begun, detail, events, serving, until_gone, write_winds


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs")
    write_winds(folder)
    with serving(folder / "service", "--rate", "0", "--jobs", "1") as served:
        yield served


@pytest.fixture
def room(tmp_path):
    write_winds(tmp_path)
    return tmp_path


def test_a_job_is_followed_to_its_end_and_the_same_again_is_there_at_once(service):
    asked = FORECAST | {"seed": 11}  # of this test alone
    job = service.begin("forecast", asked)
    assert not job["cached"]
    with service.client.stream("GET", job["events"]) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = list(events(stream.iter_lines()))
    assert told[-1][0] == "done"
    assert {name for name, _ in told[:-1]} <= {"progress"}
    progress = [data["progress"] for _, data in told]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    names = [one["name"] for one in told[-1][1]["files"]]
    assert names == ["forecast-paths.json", "forecast.nc", "result.json"]
    result = service.get(job["result"]).json()
    assert result["members"] == FORECAST["members"]
    paths = service.get(f"{job['url']}/files/forecast-paths.json").json()
    assert len(paths["members"]) == FORECAST["members"]
    assert len(paths["members"][0]["lon"]) == len(paths["times"])
    files = {"options": (None, json.dumps(asked | {"members": 20.0}))}
    again = service.client.post("/api/jobs/forecast", files=files)
    assert again.headers["x-cache"] == "hit"
    assert again.json()["job"] == job["job"]
    other = service.begin("forecast", FORECAST | {"seed": 12})
    assert other["job"] != job["job"]
    service.until(other["job"], "done")


def test_a_job_takes_what_another_has_made(service):
    first = service.begin("forecast", FORECAST)
    service.until(first["job"], "done")
    job = service.begin("airspace", {}, **{"from": [f"{first['job']}/forecast.nc"]})
    done = service.until(job["job"], "done", "failed")
    assert done["status"] == "done", done
    assert [one["name"] for one in done["files"]] == ["ledger.geojson", "result.json"]


def test_a_job_that_fails_says_the_line_of_the_command(service):
    job = service.begin("track", {}, files={"s.csv": "time,lat,lon\n2022-11-11T03:00:00Z,91,55\n"})
    with service.client.stream("GET", job["events"]) as stream:
        name, told = list(events(stream.iter_lines()))[-1]
    assert name == "failed"
    assert told["error"].startswith("s.csv:2: lat: got '91'"), told["error"]
    assert told["files"] == []
    assert detail(service.get(job["result"]), 404).endswith("expected none, the job is not done")
    job = service.begin("forecast", FORECAST | {"time": "2030-01-01T00:00:00Z"})
    assert "2030-01-01" in service.until(job["job"], "failed")["error"]


def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(service):
    running = service.begin("forecast", LONG)
    waiting = service.begin("forecast", LONG | {"seed": 2})
    service.until_running(running["job"])
    assert service.client.delete(waiting["url"]).json()["status"] == "cancelled"
    assert service.client.delete(running["url"]).json()["status"] == "cancelled"
    assert detail(service.client.delete(running["url"]), 409).startswith("job: got one that is cancelled")
    after = service.begin("forecast", FORECAST | {"seed": 3})
    assert service.until(after["job"], "done", "failed")["status"] == "done"  # its one place is free again
    assert service.begin("forecast", LONG)["job"] != running["job"]  # what was cancelled is no answer
    for row in service.get("/api/jobs").json()["jobs"]:
        if row["status"] in ("queued", "running"):
            service.client.delete(row["url"])


def test_a_service_that_is_killed_runs_its_jobs_again_and_leaves_no_process(room):
    first = begun(room / "service", "--jobs", "1")
    job = first.begin("forecast", LONG | {"members": 6_000, "hours": 12})
    first.until_running(job["job"])
    (child,) = first.children()
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    until_gone(child)
    with serving(room / "service", "--jobs", "1") as second:
        assert second.until_running(job["job"])["attempt"] == 2
        assert second.until(job["job"], "done", "failed")["status"] == "done"


def test_a_stop_in_order_ends_streams_and_gives_jobs_back(room):
    served = begun(room / "service", "--jobs", "1")
    job = served.begin("forecast", LONG)
    served.until_running(job["job"])
    with served.client.stream("GET", job["events"]) as stream:
        told = events(stream.iter_lines())
        first = next(told)
        served.process.send_signal(signal.SIGTERM)
        assert {name for name, _ in (first, *told)} == {"progress"}
    assert served.stop() == 0
    with serving(room / "service", "--jobs", "1") as second:
        found = second.until_running(job["job"])
        assert found["attempt"] == 1  # that it was given back is no attempt
        second.client.delete(job["url"])


def test_too_many_wait(room):
    with serving(room / "service", "--jobs", "1", "--most-queued", "2") as served:
        for seed in range(3):
            served.begin("forecast", LONG | {"seed": seed})
            time.sleep(1.0)
        answer = None
        for seed in range(3, 6):
            answer = served.client.post("/api/jobs/forecast", json={"options": LONG | {"seed": seed}})
        assert detail(answer, 429).startswith("jobs: got another beside 2 that wait")
        assert int(answer.headers["retry-after"]) > 0


def test_an_investigation_becomes_a_case_with_a_report(service):
    options = {"members": 20, "hours_back": 1, "hours_ahead": 1, "seed": 1}
    job = service.begin("investigate", options, files={"<b>seen</b>.csv": SIGHTINGS})
    done = service.until(job["job"], "done", "failed")
    assert done["status"] == "done", done
    assert "incident/forecast-paths.json" in [one["name"] for one in done["files"]]
    assert not any(one["name"].startswith("incident/case/") for one in done["files"])
    listed = service.get("/api/cases").json()["cases"]
    assert [one["case"] for one in listed] == [job["job"]]
    shown = service.get(done["case"]).json()
    assert shown["records"] == len(shown["list"]) > 3
    assert shown["claims"] == []
    assert shown["parties"] == ["overflight"]
    html = service.get(shown["report"]["html"])
    assert html.headers["content-type"].startswith("text/html")
    assert "sandbox" in html.headers["content-security-policy"]
    assert "<b>seen" not in html.text
    assert service.get(shown["files"][0]["url"]).status_code == 200
    report = service.begin("report", {"case": job["job"], "output": "html"})
    assert service.until(report["job"], "done", "failed")["status"] == "done"
    tracks = service.get("/ogc/collections/tracks/items").json()
    assert {one["properties"].get("case") for one in tracks["features"]} >= {job["job"]}


def test_a_service_keeps_others_out_of_its_folder(service):
    import subprocess
    import sys

    words = [sys.executable, "-m", "overflight", "serve", "--folder", str(service.folder), "--port", "0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"overflight: --folder: got {service.folder}, which another process serves")
