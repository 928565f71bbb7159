"""Requests drawn from the OpenAPI document: whatever comes, the answer is one of the service's own, and none is 500."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from serve_calls import serving, write_winds

EXAMPLES = 80


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    write_winds(folder)
    with serving(folder / "service", "--rate", "0", "--jobs", "1", "--log", "problems") as served:
        yield served


def test_no_request_that_the_document_allows_or_nearly_allows_is_answered_with_500(service):
    schema = schemathesis.openapi.from_dict(service.get("/openapi.json").json())
    schema.config.base_url = service.url
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [one for one in operations if not one.path.endswith(("/events", ".{kind}"))]
    assert len(operations) > 15
    drawn = st.one_of(*(one.as_strategy() for one in operations))

    @seed(7)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(drawn)
    def ask(case):
        answer = case.call(base_url=service.url, timeout=60)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert "\n" not in answer.json()["detail"]

    ask()
    assert '"event":"failed"' not in (service.folder.parent / "service.log").read_text()
