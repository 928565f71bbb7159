"""Every route of the OpenAPI under hostile requests: an answer below 500 in one line, no traceback, and still up."""

import base64
import json
import string

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from line_parties import Party, ending

from overflight.case.envelope import signed
from overflight.line.exchange.message import MESSAGE_TYPE, RECEIPT_TYPE
from overflight.line.exchange.request import REQUEST_TYPE, authorization
from overflight.line.exchange.sending import outgoing

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


class Target:
    """A party that is served, another that it trusts, and a message of that one."""

    def __init__(self, folder):
        self.bob, self.alice = Party(folder, "bob"), Party(folder, "alice")
        self.bob.trust(self.alice)
        self.bob.serve("--rate", "100000", "--bytes-rate", "1e10")
        self.alice.trust(self.bob)
        self.alice.send(self.bob, "one")
        with self.alice.line() as line:
            self.key = line.key
            self.envelope = outgoing(line, "bob", 1)[1]
        self.payload = json.loads(base64.b64decode(self.envelope["payload"]))
        self.client = httpx.Client(trust_env=False, timeout=30.0, base_url=self.bob.url)

    def ask(self, body: bytes, path="/messages", method="POST", **headers):
        """Send a body that alice has signed for, and check the answer."""
        header = authorization(self.bob.public.id, body, self.key)
        return self.checked(method, path, body, {"Authorization": header} | headers)

    def checked(self, method, path, body, headers):
        """Send a request, and check the answer."""
        answer = self.client.request(method, path, content=body, headers=headers)
        assert answer.status_code < 500, (answer.status_code, answer.text)
        if answer.status_code >= 400 and method != "HEAD" and answer.headers.get("content-type") == "application/json":
            assert set(answer.json()) <= {"error", "expected", "held"}
            assert "\n" not in answer.json()["error"]
        return answer


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    made = Target(tmp_path_factory.mktemp("routes"))
    with ending(made.bob):
        yield made
        assert made.client.get("/health").json()["status"] == "up"
        made.client.close()
        made.bob.verify()


def test_the_openapi_names_every_route_and_what_it_answers(target):
    paths = target.client.get("/openapi.json").json()["paths"]
    assert {(path, method) for path, verbs in paths.items() for method in verbs} == {
        ("/messages", "post"), ("/proofs", "post"), ("/health", "get"),
    }  # fmt: skip
    for path in ("/messages", "/proofs"):
        assert set(paths[path]["post"]["responses"]) >= {"200", "400", "403", "409", "413", "422", "429", "507"}


@FUZZ
@given(st.binary(max_size=400), st.sampled_from(["/messages", "/proofs"]))
def test_any_bytes_that_a_trusted_party_signs_for(target, body, path):
    assert target.ask(body, path).status_code >= 400


@FUZZ
@given(ANY_JSON, st.sampled_from(["/messages", "/proofs"]))
def test_any_json(target, value, path):
    assert target.ask(json.dumps(value).encode(), path).status_code >= 400


@FUZZ
@given(st.data())
def test_a_message_with_any_field_replaced(target, data):
    name = data.draw(st.sampled_from([*target.payload, "other"]))
    payload = target.payload | {name: data.draw(ANY_JSON)}
    body = json.dumps(signed(json.dumps(payload).encode(), MESSAGE_TYPE, target.key)).encode()
    target.ask(body)


@FUZZ
@given(
    st.binary(max_size=200) | ANY_JSON.map(lambda v: json.dumps(v).encode()),
    st.sampled_from([MESSAGE_TYPE, RECEIPT_TYPE, "x"]),
)
def test_any_payload(target, payload, kind):
    assert target.ask(json.dumps(signed(payload, kind, target.key)).encode()).status_code >= 400


@FUZZ
@given(ANY_JSON, ANY_JSON)
def test_any_two_sizes(target, first, second):
    target.ask(json.dumps({"first": first, "second": second}).encode(), "/proofs")


@FUZZ
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]),
    st.sampled_from(
        ["/", "/messages", "/proofs", "/health", "/openapi.json", "/docs", "/../..", "/messages/%00", "//", "/%ff"]
    ),
    st.text(string.printable.split(" ")[0], min_size=1, max_size=60)
    | st.binary(min_size=1, max_size=60).map(lambda b: f"Overflight {base64.b64encode(b).decode()}"),
)
def test_any_method_path_and_header(target, method, path, header):
    target.checked(method, path, b"{}" if method not in ("HEAD", "TRACE") else b"", {"Authorization": header})


@FUZZ
@given(st.dictionaries(st.sampled_from(["version", "to", "at", "bytes", "sha256"]), ANY_JSON))
def test_any_header_that_a_trusted_party_signs(target, fields):
    said = {
        "version": 1,
        "to": target.bob.public.id,
        "at": "2026-01-01T00:00:00Z",
        "bytes": 2,
        "sha256": "0" * 64,
    } | fields
    envelope = signed(json.dumps(said).encode(), REQUEST_TYPE, target.key)
    header = f"Overflight {base64.b64encode(json.dumps(envelope).encode()).decode()}"
    assert target.checked("POST", "/messages", b"{}", {"Authorization": header}).status_code >= 400


@pytest.mark.parametrize("body", [
    b"[" * 100_000, b'{"payload":' * 20_000, b'{"a":1e999}', b'{"a":NaN}', b"1" * 5000, b'{"a":1,"a":2}', b"\xff\xfe{}", b"",
    b'{"payload":"\\ud800"}',
])  # fmt: skip
def test_bodies_that_break_parsers(target, body):
    for path in ("/messages", "/proofs"):
        assert target.ask(body, path).status_code in (400, 403)


def test_a_message_of_a_newer_version_is_told_so(target):
    payload = json.dumps(target.payload | {"version": 2}).encode()
    answer = target.ask(json.dumps(signed(payload, MESSAGE_TYPE, target.key)).encode())
    assert (answer.status_code, answer.json()["error"]) == (
        422, "message: version: got 2, expected 1; a newer overflight may read it",
    )  # fmt: skip
