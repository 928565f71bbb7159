"""Messages between real processes: lost, doubled, late and torn ones, a side killed in mid-write, a clock an hour off."""

import random
import re
import shutil
import sqlite3
import time

import pytest
from line_parties import SKEWED, Party, Proxy, ending, until

from overflight.line.exchange.receiving import take
from overflight.line.exchange.sending import answer, outgoing

FAULTS = ("lose", "mute", "double", "late", "slow", "cut", "")


@pytest.fixture
def pair(tmp_path):
    """Return two parties that are served and know each other."""
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    with ending(alice, bob):
        alice.serve()
        bob.serve()
        alice.trust(bob)
        bob.trust(alice)
        yield alice, bob


def unproved(party):
    return sum(p.unproved for p in party.status().parties)


def test_every_fault_of_the_way_leaves_each_message_applied_once_and_in_order(tmp_path):
    draw = random.Random(3)  # noqa: S311 - it draws faults
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    faults = [[*draw.sample(FAULTS, len(FAULTS)), *draw.choices(FAULTS, k=6)] for _ in range(2)]
    with ending(alice, bob):
        alice.serve()
        bob.serve()
        with Proxy(alice, faults[0]) as to_alice, Proxy(bob, faults[1]) as to_bob:
            alice.trust(bob, to_bob.url)
            bob.trust(alice, to_alice.url)
            sent = {who.name: [f"{who.name} {i}" for i in range(8)] for who in (alice, bob)}
            alice.send(bob, *sent["alice"])
            bob.send(alice, *sent["bob"])
            until(lambda: alice.waiting() == bob.waiting() == 0)
            until(lambda: unproved(alice) == unproved(bob) == 0)  # the proof of the last head may be on its way
            assert set(to_bob.done) >= {"lose", "mute", "double", "late", "cut"}
    assert bob.texts() == sent["alice"]
    assert alice.texts() == sent["bob"]
    for party in (alice, bob):
        assert party.verify().problems == ()
        assert party.forks() == []
        assert unproved(party) == 0


def test_a_message_ahead_of_its_turn_is_sent_back_and_comes_in_order(tmp_path):
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    alice.trust(bob)
    bob.trust(alice)
    alice.send(bob, "one", "two", "three")
    with alice.line() as out, bob.line() as into:
        envelopes = [outgoing(out, "bob", n)[1] for n in (1, 2, 3)]
        early = take(into, envelopes[2])
        assert (early.status, early.sequence) == ("gap", 1)
        assert [take(into, e).status for e in (envelopes[0], envelopes[1], envelopes[0], envelopes[2])] == [
            "applied", "applied", "duplicate", "applied",
        ]  # fmt: skip
    assert bob.texts() == ["one", "two", "three"]


def test_a_side_killed_in_mid_write_loses_nothing_that_it_acknowledged(tmp_path):
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    texts = [f"message {i}" for i in range(60)]
    with ending(alice, bob):
        bob.serve("--rate", "1000")
        alice.trust(bob)
        bob.trust(alice)
        alice.send(bob, *texts)
        alice.serve()
        for _ in range(3):
            before = len(bob.texts())
            until(lambda before=before: len(bob.texts()) > before or not alice.waiting())
            time.sleep(random.uniform(0.0, 0.05))  # noqa: S311 - it draws a moment
            port = bob.port
            bob.kill()
            acknowledged = len(texts) - alice.waiting()
            assert len(bob.texts()) >= acknowledged
            bob.serve("--rate", "1000", port=port)
        alice.kill()
        alice.serve()
        until(lambda: not alice.waiting())
    assert bob.texts() == texts
    assert alice.verify().problems == bob.verify().problems == ()
    assert alice.forks() == bob.forks() == []


@pytest.mark.parametrize("offset_s", [3600, -3600])
def test_a_clock_an_hour_off_is_told_in_one_line_and_the_message_is_delivered(tmp_path, offset_s):
    alice = Party(tmp_path, "alice")
    bob = Party.skewed(tmp_path, "bob", alice, offset_s)
    with ending(alice, bob):
        bob.serve(before=("-c", SKEWED, str(offset_s)))
        alice.trust(bob)
        alice.serve()
        alice.send(bob, "there")
        until(lambda: not alice.waiting())
        until(lambda: bool(alice.status().parties[0].skew_s) and bool(bob.status().parties[0].skew_s))
    side, other = ("ahead of", "behind") if offset_s > 0 else ("behind", "ahead of")
    assert str(alice.status()).count("clock:") == 1
    hour = r"(59 min|1 h 0 min)"
    assert_line(alice, rf"clock: that of bob is {hour} {side} this one")
    assert_line(bob, rf"clock: that of alice is {hour} {other} this one")
    assert bob.texts() == ["there"]


def assert_line(party, pattern):
    assert any(re.fullmatch(pattern, text) for text in str(party.status()).splitlines()), str(party.status())


def test_an_open_query_grows_visible_until_it_is_answered(pair):
    alice, bob = pair
    name = alice.send(bob, "is it yours?", kind="query")[0]
    until(lambda: not alice.waiting())
    assert alice.status().queries[0].acknowledged
    shift(alice, name, "-3 hours", "-12 minutes")
    assert f"query {name[:12]} to bob (received): open for 3 h 12 min, no answer: is it yours?" in str(alice.status())
    assert f"query {name[:12]} of alice: open for" in str(bob.status())
    with bob.line() as line:
        answer(line, name[:8], {"text": "no"})
    until(lambda: alice.texts() == ["no"])
    assert alice.status().queries == bob.status().queries == ()


def shift(party, name, *by):
    """Set back when a message was sent, in the index beside the log."""
    with sqlite3.connect(party.folder / "case.sqlite", timeout=20) as base:
        marks = ", ".join("?" for _ in by)
        base.execute(
            f"UPDATE overflight_line_messages SET at = strftime('%Y-%m-%dT%H:%M:%SZ', at, {marks}) WHERE id = ?",  # noqa: S608
            (*by, name),
        )
    base.close()


def test_two_servers_on_one_store_apply_a_message_once(tmp_path, postgres):
    alice, bob = Party(tmp_path, "alice", postgres), Party(tmp_path, "bob", postgres)
    second = Party(tmp_path, "bob")
    third = Party(tmp_path, "alice")
    with ending(alice, bob, second, third):
        for party in (alice, bob, second, third):
            party.serve()
        alice.trust(bob)
        bob.trust(alice)
        alice.send(bob, *(texts := [f"m{i}" for i in range(10)]))
        until(lambda: not alice.waiting())
        with alice.line() as line:
            line.trust("bob", bob.public, address=second.url)
        alice.send(bob, "by another door")
        until(lambda: not alice.waiting())
    assert bob.texts() == [*texts, "by another door"]
    assert bob.verify().problems == alice.verify().problems == ()


def test_a_copy_that_is_put_back_is_told_as_a_fork(tmp_path):
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    with ending(alice, bob):
        bob.serve()
        alice.trust(bob)
        bob.trust(alice)
        alice.send(bob, "one")
        copy = tmp_path / "copy"
        shutil.copytree(alice.folder, copy)
        alice.send(bob, "two")
        alice.serve()
        until(lambda: not alice.waiting())
        alice.stop()
        shutil.rmtree(alice.folder)
        copy.rename(alice.folder)
        alice.send(bob, "another two")
        alice.serve()
        until(lambda: bool(bob.forks()))
        until(lambda: "fork" in alice.status().parties[0].problem)
    assert bob.forks() == ["signed two different messages with number 2"]
    assert bob.texts() == ["one", "two"]
    assert "FORK: alice signed two different messages with number 2; both statements are in record" in str(bob.status())
