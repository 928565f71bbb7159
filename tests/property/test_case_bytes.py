"""Changed bytes in what comes from elsewhere: an answer, or one line that says what is wrong; nothing else."""

import base64
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overflight.case.canonical import parsed
from overflight.case.case_file import Case
from overflight.case.envelope import opened, signed
from overflight.case.heads import HEAD_TYPE, opened_head
from overflight.case.keys import SecretKey, read_public
from overflight.case.proof import check_proof, prove
from overflight.case.report.case_page import case_report
from overflight.case.verify import verify
from overflight.errors import InvalidInput, OverflightError, Tampered
from overflight.line.exchange.bundle import read_bundle, write_bundle
from overflight.line.exchange.line import Line
from overflight.line.exchange.message import MESSAGE_TYPE, RECEIPT_TYPE, opened_message, opened_receipt
from overflight.line.exchange.request import read_authorization
from overflight.line.exchange.sending import outgoing, send

KEY = SecretKey.new()
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(FUZZ, max_examples=40)
CHANGES = st.lists(st.tuples(st.integers(0, 10**7), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


def changed(data, changes, cut=0):
    """Return bytes with some of them replaced, and so many cut off."""
    data = bytearray(data)
    for at, new in changes:
        data[at % len(data) : at % len(data) + len(new)] = new
    return bytes(data[: max(1, len(data) - cut)])


def one_line(call, *arguments):
    """Call a parser; it returns, or refuses in one line."""
    try:
        return call(*arguments)
    except (InvalidInput, Tampered) as problem:
        assert "\n" not in str(problem)
        return None


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A signed case, closed."""
    folder = tmp_path_factory.mktemp("signed") / "case"
    with Case.create(folder, title="t", author="north", key=KEY) as case:
        case.append("statement", {"who": "a", "words": "It drifted.", "language": "en", "source": "b"})
        case.append("claim", {"party": "a", "subject": "was-drifting", "statement": 2})
        case.sign(KEY)
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A line that trusts another, a message to it, and a bundle."""
    folder = tmp_path_factory.mktemp("lines")
    lines = [Line.create(folder / name, name, "secret") for name in ("alice", "bob")]
    alice, bob = lines
    for one, other in ((alice, bob), (bob, alice)):
        one.trust(other.name, other.key.public)
    send(alice, "bob", "statement", {"text": "one"})
    write_bundle(alice, "bob", folder / "bundle")
    yield alice, bob, folder / "bundle"
    for line in lines:
        line.close()


@FUZZ
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_as_json(data):
    one_line(parsed, data, "here")


@FUZZ
@given(ANY, st.sampled_from(["payload", "payloadType", "signatures"]))
def test_envelopes_with_any_field(value, name):
    envelope = signed(b"{}", HEAD_TYPE, KEY) | {name: value}
    for call in (opened_head, opened_message, opened_receipt):
        one_line(call, envelope, [KEY.public])
    one_line(opened, value, HEAD_TYPE, [KEY.public])


@FUZZ
@given(ANY.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_payload_that_is_signed(payload):
    for kind, call in ((HEAD_TYPE, opened_head), (MESSAGE_TYPE, opened_message), (RECEIPT_TYPE, opened_receipt)):
        one_line(call, signed(payload, kind, KEY), [KEY.public])


@FUZZ
@given(CHANGES)
def test_a_proof_with_changed_bytes(case, changes):
    with Case.open(case) as opened_case:
        proof = json.dumps(prove(opened_case, 2)).encode()
    value = one_line(parsed, changed(proof, changes), "proof")
    if value is not None:
        one_line(check_proof, value, KEY.public)


@FUZZ
@given(CHANGES, st.integers(0, 60))
def test_keys_with_changed_bytes(tmp_path, changes, cut):
    path = tmp_path / "key"
    path.unlink(missing_ok=True)
    KEY.write(path, "secret")
    public = KEY.public.text.encode()
    secret = path.read_bytes()
    path.write_bytes(changed(secret, changes, cut))
    one_line(SecretKey.read, path, "secret")
    path.write_bytes(changed(public, changes, cut % len(public)))
    one_line(read_public, path)


@FEW
@given(CHANGES, st.integers(0, 5000))
def test_a_store_with_changed_bytes_is_told_and_its_report_says_so(case, tmp_path_factory, changes, cut):
    folder = tmp_path_factory.mktemp("store") / "case"
    shutil.copytree(case, folder)
    data = (case / "case.sqlite").read_bytes()
    bad = changed(data, changes, cut)
    (folder / "case.sqlite").write_bytes(bad)
    found = one_line(verify, folder)
    assert bad == data or found is None or found.problems
    if found is not None:
        one_line(case_report, folder)


@FUZZ
@given(CHANGES, st.integers(0, 300))
def test_a_bundle_with_changed_bytes(pair, tmp_path_factory, changes, cut):
    _, bob, bundle = pair
    path = tmp_path_factory.mktemp("bundle") / "b"
    path.write_bytes(changed(bundle.read_bytes(), changes, cut))
    found = one_line(read_bundle, bob, path)
    assert found is None or all("\n" not in text for text in found.refused)


@FUZZ
@given(ANY, st.text(max_size=40))
def test_any_header_of_a_request(pair, value, text):
    alice, bob, _ = pair
    envelope = outgoing(alice, "bob", 1)[1]
    for told in (value, envelope, signed(json.dumps(value).encode(), MESSAGE_TYPE, alice.key)):
        header = base64.b64encode(json.dumps(told).encode()).decode()
        one_line(read_authorization, bob, f"Overflight {header}")
    one_line(read_authorization, bob, text)


@FUZZ
@given(ANY)
def test_any_place_of_a_store(tmp_path, value):
    (tmp_path / "store.json").write_text(json.dumps(value))
    with pytest.raises(OverflightError):
        Case.open(tmp_path)
