"""The line's own OpenAPI, read by schemathesis: requests that follow it and that break it get no 5xx and no traceback."""

import json

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from line_parties import Party, ending
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from overflight.line.exchange.request import authorization

CHECKS = [not_a_server_error, content_type_conformance, status_code_conformance]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A party that is served, the key of one that it trusts, and the operations of its schema."""
    folder = tmp_path_factory.mktemp("openapi")
    bob, alice = Party(folder, "bob"), Party(folder, "alice")
    bob.trust(alice)
    with alice.line() as line:
        key = line.key
    with ending(bob):
        bob.serve("--rate", "100000", "--bytes-rate", "1e10")
        schema = schemathesis.openapi.from_url(f"{bob.url}/openapi.json")
        yield bob, key, [found.ok() for found in schema.get_all_operations()]
        assert httpx.get(f"{bob.url}/health", trust_env=False).json()["status"] == "up"
        bob.verify()
    assert not [text for text in bob.told if "Traceback" in text]


@seed(11)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), mode=st.sampled_from(list(GenerationMode)), is_signed=st.booleans())
def test_no_request_of_the_schema_breaks_the_server(served, data, mode, is_signed):
    """Half of the bodies are signed for by a party that is trusted, so that they reach what lies behind the door."""
    bob, key, operations = served
    assert {operation.path for operation in operations} == {"/messages", "/proofs", "/health"}
    case = data.draw(st.sampled_from(operations).flatmap(lambda one: one.as_strategy(generation_mode=mode)))
    headers = {}
    if is_signed and not isinstance(case.body, NotSet):
        body = json.dumps(case.body, default=str).encode()
        case.body, headers = json.loads(body), {"Authorization": authorization(bob.public.id, body, key)}
    answer = case.call(headers=headers)
    assert "Traceback" not in answer.text
    assert not headers or "those that were signed" not in answer.text  # the door let it in
    case.validate_response(answer, checks=CHECKS if mode is GenerationMode.POSITIVE else CHECKS[:1])
