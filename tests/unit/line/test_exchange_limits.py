"""Buckets, pauses and time spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overflight.line.exchange.contact import is_due, note_contact, note_failure
from overflight.line.exchange.limits import BURST_S, Limits, Rate
from overflight.line.exchange.line import Line
from overflight.line.exchange.status import duration


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 3_000_000)), min_size=1, max_size=200),
    st.floats(0.5, 100),
    st.floats(1e4, 1e7),
)
def test_what_passes_is_never_more_than_the_rate_and_one_burst(steps, messages, octets):
    now = [0.0]
    limits = Limits(Rate(messages_per_s=messages, bytes_per_s=octets), lambda: now[0])
    passed, total, largest = 0, 0, 0
    for pause, size in steps:
        now[0] += pause
        if limits.spend("mallory", size) == 0.0:
            passed, total, largest = passed + 1, total + size, max(largest, size)
    assert passed <= messages * (now[0] + BURST_S) + 1
    assert total <= octets * (now[0] + BURST_S) + largest + 1


def test_a_full_bucket_says_how_long_to_wait_and_does_not_touch_others():
    now = [0.0]
    limits = Limits(Rate(messages_per_s=1.0, bytes_per_s=1e6), lambda: now[0])
    assert [limits.spend("mallory", 10) for _ in range(10)] == [0.0] * 10
    wait = limits.spend("mallory", 10)
    assert wait == pytest.approx(1.0)
    assert limits.spend("alice", 10) == 0.0
    now[0] += wait
    assert limits.spend("mallory", 10) == 0.0


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3 * 3600 + 12 * 60 + 5, "3 h 12 min"), (86_400 * 2 + 4 * 3600, "2 d 4 h"),
])  # fmt: skip
def test_time_spans_for_people(seconds, text):
    assert duration(seconds) == text


def test_pauses_double_up_to_a_most_and_end_with_a_contact(tmp_path):
    with Line.create(tmp_path / "a", "alice", "x") as alice, Line.create(tmp_path / "b", "bob", "x") as bob:
        alice.trust("bob", bob.public(), address="http://127.0.0.1:1")

    with Line.open(tmp_path / "a") as alice:

        def party():
            with alice.reading() as index:
                return index.party("bob")

        pauses = [note_failure(alice, "bob", "away") for _ in range(12)]
        for tries, pause in enumerate(pauses):
            assert min(900.0, 2.0**tries) / 2.0 <= pause <= min(900.0, 2.0**tries)
        assert note_failure(alice, "bob", "busy", wait_s=5000.0) == 5000.0
        assert (party().tries, party().error, is_due(party(), 5000.0)) == (13, "busy", False)
        assert is_due(party())  # further off than any pause: the clock was set back
        note_contact(alice, "bob", 400.4)
        assert (party().tries, party().error, party().skew_s, is_due(party())) == (0, "", 400, True)
        note_contact(alice, "bob", -20.0)
        assert party().skew_s == 0
