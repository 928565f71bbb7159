"""Canonical JSON: what is fast says the same as what is slow."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from overflight.case.canonical import canonical, canonical_text, is_canonical, parsed
from overflight.errors import InvalidInput

leaves = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)  # fmt: skip
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))


@given(values)
def test_what_is_written_canonically_is_found_so(value):
    assert is_canonical(canonical(value))
    assert canonical(value) == rfc8785.dumps(value)


@given(
    values, st.sampled_from([{"indent": 1}, {"separators": (", ", ": ")}, {"ensure_ascii": True}, {"sort_keys": False}])
)
def test_what_is_written_otherwise_is_not(value, how):
    text = json.dumps(value, **{"separators": (",", ":"), "ensure_ascii": False, "sort_keys": True} | how).encode()
    assert is_canonical(text) == (text == canonical(value))


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1,"a":1}', b"1.0", b"1.50", b"1e3", b"-0", b"-0.0", b"NaN", b"0.0000001",
                                  b"9007199254740993", b'"\\u0041"', b"\xff", b"[" * 100_000, b'"\\ud800"'])  # fmt: skip
def test_other_bytes_are_not(data):
    assert not is_canonical(data)


headers = st.dictionaries(
    st.sampled_from(["author", "id", "inputs", "kind"]),
    st.integers(0, 2**31)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
)


@given(headers)
def test_the_fast_way_of_headers_writes_the_same(header):
    assert canonical_text(header) == rfc8785.dumps(header)


@given(st.binary(max_size=60))
def test_bytes_are_json_or_one_line(data):
    try:
        parsed(data)
    except InvalidInput as problem:
        assert "\n" not in str(problem)
