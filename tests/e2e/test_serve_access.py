"""Tokens and roles, rates, other origins, and that nobody elsewhere is let in without a token."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from serve_calls import FORECAST, detail, serving, write_winds

from overflight.serve.access import Access, make_token
from overflight.serve.problems import Refusal
from overflight.serve.store import Store

ORIGIN = "https://map.example.org"


def command(*words, cwd):
    run = [sys.executable, "-m", "overflight", *map(str, words)]
    return subprocess.run(run, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def token(folder, role, *more) -> str:
    done = command("serve", "token", f"a-{role}", "--role", role, "--folder", folder, *more, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    room = tmp_path_factory.mktemp("access")
    write_winds(room)
    folder = room / "service"
    tokens = {role: token(folder, role) for role in ("read", "investigate", "administer")}
    with serving(folder, "--rate", "0", "--origin", ORIGIN) as served:
        yield served, tokens


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def test_without_a_token_only_what_holds_no_data_is_answered(guarded):
    served, _ = guarded
    for path in ("/", "/health", "/ready", "/docs", "/openapi.json"):
        assert served.get(path).status_code == 200
    for path in ("/api/jobs", "/api/cases", "/metrics", "/ogc/", "/api/v1/", "/api/audit", "/nowhere"):
        answer = served.get(path)
        assert detail(answer, 401) == "Authorization: got no token, expected Bearer TOKEN"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("text", ["Bearer", "Bearer x", "Basic YTpi", "Bearer ovf_" + "A" * 43, "Bearer ovf_\u00e9"])
def test_a_token_that_is_none(guarded, text):
    assert detail(guarded[0].get("/api/jobs", headers={"authorization": text.encode()}), 401).startswith(
        "Authorization: got"
    )


def test_each_role_may_do_what_it_says(guarded):
    served, tokens = guarded
    read, investigate, administer = (bearer(tokens[role]) for role in ("read", "investigate", "administer"))
    assert served.get("/api/jobs", headers=read).status_code == 200
    line = "token: got the role read, expected investigate or above"
    answer = served.client.post("/api/jobs/forecast", json={"options": FORECAST}, headers=read)
    assert detail(answer, 403) == line
    assert detail(served.client.delete("/api/jobs/x", headers=read), 403) == line
    answer = served.client.post("/api/jobs/forecast", json={"options": {"lat": "x"}}, headers=investigate)
    assert answer.status_code == 400
    assert detail(served.get("/api/audit", headers=investigate), 403).endswith("expected administer or above")
    lines = served.get("/api/audit", headers=administer).json()
    assert {"token": "a-read", "status": 403}.items() <= next(
        one for one in lines if one.get("token") == "a-read"
    ).items()
    assert not any(text in json.dumps(lines) for text in tokens.values())


def test_tokens_are_kept_hashed_and_taken_back(guarded):
    served, tokens = guarded
    for path in served.folder.rglob("*"):
        if path.is_file():
            assert not any(text.encode() in path.read_bytes() for text in tokens.values()), path
    extra = token(served.folder, "report")
    deadline = time.monotonic() + 30.0
    while served.get("/api/jobs", headers=bearer(extra)).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    listed = command("serve", "tokens", "--folder", served.folder, cwd=served.folder.parent)
    assert "a-report" in listed.stdout
    assert command("serve", "revoke", "a-report", "--folder", served.folder, cwd=served.folder.parent).returncode == 0
    while served.get("/api/jobs", headers=bearer(extra)).status_code != 401:
        assert time.monotonic() < deadline + 30.0
        time.sleep(0.2)


def test_a_token_whose_time_is_over_does_not_hold(tmp_path):
    store = Store.open(tmp_path)
    over, holds = (make_token(store, name, "read", days) for name, days in (("over", -1.0), ("holds", 1.0)))
    access = Access(store, is_loopback=True)
    assert access.party(f"Bearer {holds}").name == "holds"
    with pytest.raises(Refusal, match="a token that does not hold"):
        access.party(f"Bearer {over}")
    store.close()


def test_another_origin_that_is_named_may_ask(guarded):
    served, tokens = guarded
    asks = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    before = served.client.options("/api/jobs/forecast", headers=asks)
    assert before.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in before.headers["access-control-allow-headers"]
    answer = served.get("/api/jobs", headers={"origin": ORIGIN} | bearer(tokens["read"]))
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    other = served.get("/api/jobs", headers={"origin": "https://other.example"} | bearer(tokens["read"]))
    assert detail(other, 403).startswith("Origin: got 'https://other.example'")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--host", "::"), "--host: got :: without tokens, expected 127.0.0.1, or a token; overflight serve token"),
        (("--workers", "2", "--sondehub"), "--workers: got 2 with live balloons, expected 1"),
        (("--port", "99999"), "serve: --port: got 99999, expected 0 to 65,535"),
        (("--origin", "*"), "--origin: got '*', expected scheme and host"),
        (("--store", "mysql://x/y"), "--store: got mysql, expected a URL as postgresql://user@host/base"),
        (("--largest", "many"), "--largest: got 'many', expected a size as 2GiB or 500MB"),
        (("--host", "192.0.2.1"), "--host: got 192.0.2.1 without tokens"),
    ],
)
def test_a_start_that_is_refused_is_one_line(tmp_path, words, line):
    done = command("serve", "--folder", "service", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.removeprefix("overflight: ").startswith(line), done.stderr


def test_a_client_that_asks_too_often_is_told_when_to_come_again(tmp_path):
    write_winds(tmp_path)
    with serving(tmp_path / "service", "--rate", "2") as served:
        answers = [served.get("/health") for _ in range(30)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused
        assert "more than 2 requests a second" in detail(refused[0], 429)
        assert int(refused[0].headers["retry-after"]) >= 1


def test_several_processes_answer_and_share_what_they_know(tmp_path):
    write_winds(tmp_path)
    with serving(tmp_path / "service", "--workers", "2", "--rate", "0") as served:
        job = served.begin("forecast", FORECAST)
        assert served.until(job["job"], "done", "failed")["status"] == "done"
        assert served.stop() == 0
