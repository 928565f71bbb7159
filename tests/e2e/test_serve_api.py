"""The service as it starts: each group of routes, headers, limits, bad input; all of it open on loopback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from serve_calls import FORECAST, SIGHTINGS, detail, serving, write_winds

PREDICTION = {"launch_latitude": "55", "launch_longitude": "10", "launch_datetime": "2022-11-11T06:00:00Z",
              "ascent_rate": "5", "burst_altitude": "20000", "descent_rate": "5"}  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    write_winds(folder)
    with serving(folder / "service", "--rate", "0") as served:
        yield served


def test_each_group_of_routes_answers(service):
    for path, kind in (("/", "text/html"), ("/docs", "text/html"), ("/health", "application/json"),
                       ("/ready", "application/json"), ("/openapi.json", "application/json"),
                       ("/metrics", "text/plain"), ("/api/jobs", "application/json"),
                       ("/api/cases", "application/json"), ("/api/regions", "application/json"),
                       ("/ogc/", "application/json"), ("/api/audit", "application/json")):  # fmt: skip
        answer = service.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(kind), path


def test_every_answer_has_the_headers_that_keep_a_browser_safe(service):
    for path in ("/", "/health", "/api/jobs/none"):
        headers = service.get(path).headers
        assert "style-src 'self';" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_a_prediction_is_the_verbs_own(service):
    answer = service.get("/api/v1/", params=PREDICTION)
    assert answer.status_code == 200
    words = ["launch", "--winds", str(service.folder.parent / "winds.nc"), "--time", PREDICTION["launch_datetime"],
             "--lat", "55", "--lon", "10", "--ascent-rate", "5", "--burst-altitude", "20000", "--descent-rate", "5",
             "--json"]  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "overflight", *words], capture_output=True, text=True, check=True)
    own = json.loads(done.stdout)
    for key in ("prediction", "request", "warnings"):
        assert answer.json()[key] == own[key], key
    again = service.get("/api/v2/", params=PREDICTION)
    assert again.headers["x-cache"] == "hit"
    assert again.content == answer.content


@pytest.mark.parametrize(
    ("change", "status", "line"),
    [
        ({"launch_latitude": "95"}, 400, "launch_latitude: got 95, expected -90 to 90"),
        ({"launch_latitude": "x"}, 400, "launch_latitude: got 'x', expected a number from -90 to 90"),
        ({"launch_longitude": "-10"}, 400, "launch_longitude: got -10, expected 0 to 360; this interface counts"),
        ({"launch_datetime": "yesterday"}, 400, "launch_datetime: got 'yesterday'"),
        ({"profile": "<script>"}, 400, "profile: got '<script>', expected standard_profile or float_profile"),
        ({"spin": "1"}, 400, "spin: got an unknown parameter"),
        ({"launch_datetime": "2030-01-01T00:00:00Z"}, 503, "winds: asked for 2030-01-01T00:00:00Z"),
    ],
)
def test_a_bad_prediction_is_one_clear_line(service, change, status, line):
    answer = service.get("/api/v1/", params=PREDICTION | change)
    assert detail(answer, status).startswith(line)
    assert answer.json()["error"]["description"] == answer.json()["detail"]


@pytest.mark.parametrize(
    ("verb", "body", "status", "line"),
    [
        ("launch", {}, 400, "verb: got 'launch', expected one of forecast"),
        ("forecast", {"options": {"scheduler": "tcp://x"}}, 400, "forecast: scheduler: got an unknown option"),
        ("forecast", {"options": {"winds": "/etc/passwd"}}, 400, "winds: got '/etc/passwd', expected gfs, gefs"),
        ("forecast", {"options": {"winds": ["a"]}}, 400, "winds: got ['a']"),
        ("forecast", {"options": {"lat": "55"}}, 400, "lat: got '55', expected a number"),
        ("forecast", {"options": {"time": "a\nb"}}, 400, "time: got 'a\\nb', expected a text of at most 500"),
        ("forecast", {"options": {"output": "sh"}}, 400, "forecast: output: got 'sh', expected one of nc"),
        ("forecast", {"files": {"a.csv": "x"}}, 400, "forecast: files: got 1, expected 0"),
        ("track", {}, 400, "track: files: got 0, expected 1 to 50"),
        ("origin", {"options": {"sites": "/etc/passwd"}, "files": {"s.csv": "x"}}, 400, "sites: got '/etc/passwd'"),
        ("airspace", {"from": ["../../etc/passwd"]}, 404, "from: got '../../etc/passwd'"),
        ("airspace", {"from": ["0123456789abcdef0123/../x"]}, 404, "from: got"),
        ("report", {"options": {"case": "../.."}}, 404, "case: got '../..'"),
        ("report", {"options": {"case": 7}}, 400, "report: case: got 7"),
        ("forecast", {"more": 1}, 400, "body: got other JSON"),
        ("forecast", {"options": []}, 400, "options: got list, expected an object"),
    ],
)
def test_a_bad_job_is_one_clear_line(service, verb, body, status, line):
    assert detail(service.client.post(f"/api/jobs/{verb}", json=body), status).startswith(line)


@pytest.mark.parametrize(
    ("content", "kind", "status", "line"),
    [
        (b"{", "application/json", 400, "body: got"),
        (b"\xff\xfe", "application/json", 400, "body: got"),
        (b"x", "text/plain", 415, "Content-Type: got 'text/plain'"),
        (b"x", "multipart/form-data", 400, "Content-Type: got 'multipart/form-data', expected"),
        (b"x", "multipart/form-data; boundary=b", 400, "body: got one without its end"),
        (
            b"--b\r\nA: b\r\n\r\nx\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            400,
            "body: got a part without a name",
        ),
    ],
)
def test_a_bad_body_is_one_clear_line(service, content, kind, status, line):
    answer = service.client.post("/api/jobs/forecast", content=content, headers={"content-type": kind})
    assert detail(answer, status).startswith(line)


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/nowhere", 404, "Not Found"),
        ("/api/jobs/none", 400, "job: got 'none'"),
        ("/api/jobs/0123456789abcdef0123", 404, "job: got '0123456789abcdef0123', expected the id of a job"),
        ("/api/jobs?status=asleep", 400, "status: got 'asleep'"),
        ("/api/jobs?limit=0", 400, "limit: got '0'"),
        ("/api/cases/none", 404, "case: got 'none', expected the id of a case"),
        ("/api/cases/..%2f..", 404, "Not Found"),
        ("/api/cases/none/report.exe", 400, "kind: got 'exe'"),
        ("/api/regions.geojson?tolerance=nan", 400, "tolerance: got 'nan'"),
        ("/api/regions.geojson?layer=../x", 400, "name: got '../x'"),
        ("/api/regions.geojson?layer=fir", 503, "layers of regions: asked for fir"),
        ("/page/../../../../etc/passwd", 404, "Not Found"),
    ],
)
def test_a_bad_path_is_one_clear_line(service, path, status, line):
    assert detail(service.get(path), status).startswith(line)


def test_a_method_that_a_route_does_not_take(service):
    assert detail(service.client.put("/api/jobs"), 405) == "Method Not Allowed"


def test_another_name_and_another_origin_are_kept_out_of_an_open_service(service):
    assert detail(service.get("/health", headers={"host": "evil.example"}), 421).startswith("Host: got 'evil.example'")
    for origin in ("https://evil.example", "null"):
        answer = service.client.post("/api/jobs/forecast", json={"options": FORECAST}, headers={"origin": origin})
        assert detail(answer, 403).startswith(f"Origin: got '{origin}'")
        assert "access-control-allow-origin" not in answer.headers
    assert service.get("/health", headers={"origin": service.url}).status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service):
    large = b"x" * (33 * 2**20)
    answer = service.client.post("/api/jobs/track", content=large, headers={"content-type": "application/json"})
    assert detail(answer, 413) == "body: got 34,603,008 bytes, expected at most 33,554,432"

    def parts():
        for _ in range(40):
            yield b"x" * 2**20

    answer = service.client.post("/api/jobs/track", content=parts(), headers={"content-type": "application/json"})
    assert detail(answer, 413).startswith("body: got more than 33,554,432 bytes")


def test_what_changes_something_is_in_the_audit_log_and_what_reads_is_not(service):
    service.get("/api/jobs?limit=7")
    service.client.post("/api/jobs/forecast", json={"options": {"lat": "x"}})
    lines = service.get("/api/audit", params={"last": 1000}).json()
    assert lines[-1]["path"] == "/api/jobs/forecast"
    assert lines[-1]["status"] == 400
    assert all(line["method"] != "GET" for line in lines if line["status"] == 200)


def test_metrics_count_requests_by_route(service):
    service.get("/health")
    text = service.get("/metrics").text
    assert re.search(r'overflight_requests_total\{method="GET",route="/health",status="200",process="\d+"\} \d+', text)
    assert "# TYPE overflight_request_seconds histogram" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# TYPE \S+ \S+|[a-z_]+\{.*\} [0-9.e+-]+", line), line


def test_hostile_names_of_files_stay_names(service):
    body = {"options": {"members": 20}, "files": {"../../<img src=x onerror=alert(1)>.csv": SIGHTINGS}}
    job = service.client.post("/api/jobs/track", json=body).json()
    done = service.until(job["job"], "done", "failed")
    assert done["status"] == "done", done
    folder = service.folder / "jobs" / job["job"] / "input"
    assert [path.name for path in folder.iterdir()] == ["_img_src_x_onerror_alert_1__.csv"]
    answer = service.get(next(one["url"] for one in done["files"] if one["name"] == "track.geojson"))
    assert answer.headers["content-type"] == "application/geo+json"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_regions_are_cut_at_the_antimeridian_and_known_again_by_their_tag(service):
    answer = service.get("/api/regions.geojson", params={"tolerance": 0.5})
    assert answer.headers["content-encoding"] == "gzip"
    found = {one["id"]: one for one in answer.json()["features"]}
    for ring in (ring for part in found["RUS"]["geometry"]["coordinates"] for ring in part):
        lons = [point[0] for point in ring]
        assert min(lons) >= -180.0
        assert max(lons) <= 180.0
        assert max(abs(a - b) for a, b in pairwise(lons)) < 180.0
    assert found["RUS"]["bbox"][0] == -180.0
    assert found["crimea"]["properties"]["disputed"]
    again = service.get("/api/regions.geojson", params={"tolerance": 0.5},
                        headers={"if-none-match": answer.headers["etag"]})  # fmt: skip
    assert again.status_code == 304
    assert again.content == b""
