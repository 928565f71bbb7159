"""Parties that misbehave: forks, strangers, replays, floods."""

import json
import os
import shutil
import sys
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from line_parties import Party, ending, post, until

from overflight.case.envelope import opened
from overflight.case.heads import HEAD_TYPE
from overflight.case.keys import SecretKey
from overflight.line.exchange.message import MESSAGE_TYPE
from overflight.line.exchange.request import LARGEST_BODY, authorization
from overflight.line.exchange.sending import outgoing

FLOOD_MIB = int(os.environ.get("OVERFLIGHT_FLOOD_MIB", "24"))
"""1024 takes minutes, and is for a run by hand."""


@pytest.fixture
def pair(tmp_path):
    """Return two parties that know each other; the second is served."""
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    with ending(alice, bob):
        bob.serve()
        alice.trust(bob)
        bob.trust(alice)
        yield alice, bob


def forks_of(party):
    """Return the bodies of the findings of forks."""
    with party.line() as line:
        return [r.body for r in line.case.records("finding")]


def test_a_party_that_shows_two_logs_to_two_others_is_found_when_they_talk(tmp_path):
    alice, bob, carol = (Party(tmp_path, name) for name in ("alice", "bob", "carol"))
    with ending(alice, bob, carol):
        for one, other in ((alice, bob), (alice, carol), (bob, alice), (bob, carol), (carol, alice), (carol, bob)):
            one.trust(other)
        shutil.copytree(carol.folder, tmp_path / "other" / "carol")
        other_carol = Party(tmp_path / "other", "carol")
        alice.serve()
        bob.serve()
        for who, listener in ((carol, alice), (other_carol, bob)):
            who.trust(listener)
            who.send(listener, *(f"to {listener.name} {i}" for i in range(3)))
        with ending(other_carol):
            carol.serve()
            other_carol.serve()
            until(lambda: not carol.waiting() and not other_carol.waiting())
        alice.trust(bob)
        assert alice.forks() == bob.forks() == []
        alice.send(bob, "what has carol told you?")
        until(lambda: bool(bob.forks()))
        assert bob.forks()[0].startswith("signed two heads of")
        assert "FORK: carol signed" in str(bob.status())
    assert bob.texts(party="alice") == ["what has carol told you?"]
    statements = forks_of(bob)[0]["statements"]
    heads = [json.loads(opened(envelope, HEAD_TYPE, [carol.public])[0]) for envelope in statements]
    assert heads[0]["size"] == heads[1]["size"]
    assert heads[0]["root"] != heads[1]["root"]
    assert bob.verify().problems == alice.verify().problems == ()


def test_a_log_that_was_cut_cannot_prove_the_head_that_it_signed(tmp_path):
    """What is put back is a copy of before; its new head cannot be proved to continue the one that alice holds."""
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    with ending(alice, bob):
        alice.trust(bob)
        bob.trust(alice)
        copy = tmp_path / "copy"
        shutil.copytree(bob.folder, copy)
        bob.serve()
        alice.trust(bob)
        alice.send(bob, "one", "two", "three")
        alice.serve()
        until(lambda: not alice.waiting())
        bob.stop()
        shutil.rmtree(bob.folder)
        copy.rename(bob.folder)
        bob.serve()
        alice.trust(bob)
        alice.send(bob, "four")
        until(lambda: bool(alice.forks()))
        until(lambda: not alice.waiting())
    assert bob.texts() == ["one", "two", "three", "four"]  # it lacked what it had acknowledged, and was sent it again
    assert len(forks_of(alice)[0]["statements"]) >= 2
    assert alice.forks()[0].startswith("signed ")
    assert alice.verify().problems == ()


def test_a_stranger_is_refused_in_one_line_and_nothing_of_it_is_kept(pair, tmp_path):
    _, bob = pair
    mallory = Party(tmp_path, "mallory")
    mallory.trust(bob)
    mallory.send(bob, "let me in")
    with mallory.line() as line:
        envelope = outgoing(line, "bob", 1)[1]
    before = bob.status().records
    answer = mallory.post(bob, json.dumps(envelope).encode())
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "envelope: got a signature by an unknown party (keyid "
        f"{mallory.public.id[:16]}), expected one by a key that is known"
    }
    assert bob.status().records == before
    bob.stop()
    assert bob.told == [f"refused, from 127.0.0.1: {answer.json()['error']}", "stopped"]


def test_a_stranger_with_a_borrowed_message_or_key_id_gets_nowhere(pair):
    alice, bob = pair
    alice.send(bob, "one")
    with alice.line() as line:
        envelope = outgoing(line, "bob", 1)[1]
    body, forger = json.dumps(envelope).encode(), SecretKey.new()
    forger.public.id = alice.public.id
    answer = post(bob.url, body, authorization(bob.public.id, body, forger))
    assert (answer.status_code, answer.json()["error"]) == (
        403, f"the signature of {alice.public.fingerprint} does not hold",
    )  # fmt: skip
    changed = body.replace(envelope["payload"].encode(), envelope["payload"][:-8].encode() + b"AAAAAAA=")
    answer = alice.post(bob, changed)
    assert (answer.status_code, answer.json()["error"]) == (
        403, f"the signature of {alice.public.fingerprint} does not hold",
    )  # fmt: skip
    assert bob.texts() == []


def test_a_replayed_message_gets_the_same_receipt_and_is_applied_once(pair, tmp_path):
    alice, bob = pair
    alice.send(bob, "one", "two")
    with alice.line() as line:
        bodies = [json.dumps(outgoing(line, "bob", n)[1]).encode() for n in (1, 2)]
    answers = [alice.post(bob, body) for body in (*bodies, *bodies, bodies[0])]
    assert {answer.status_code for answer in answers} == {200}
    receipts = [json.dumps(answer.json()["receipt"]) for answer in answers]
    assert receipts[0] == receipts[2] == receipts[4]
    assert receipts[1] == receipts[3] != receipts[0]
    assert bob.texts() == ["one", "two"]
    carol = Party(tmp_path, "carol")
    with ending(carol):
        carol.serve()
        carol.trust(alice)
        elsewhere = alice.post(carol, bodies[0])  # carol trusts alice, and this was not written to her
        assert elsewhere.status_code == 403
        assert elsewhere.json()["error"] == f"to: got {bob.public.id[:16]}, expected a message for this line"
    assert carol.texts() == []


def test_what_is_larger_than_it_may_be_or_than_was_signed_is_refused_unread(pair):
    alice, bob = pair
    with alice.line() as line:
        header = authorization(bob.public.id, b"x" * (LARGEST_BODY + 1), line.key)
        small = authorization(bob.public.id, b"{}", line.key)
    for sent, code, error in (
        (header, 413, f"body: got {LARGEST_BODY + 1:,} bytes, expected at most {LARGEST_BODY:,}"),
        (small, 413, "body: got more than the 2 bytes that were signed"),
    ):
        answer = post(bob.url, b"{}" if sent is header else b"{} ", sent)
        assert (answer.status_code, answer.json()["error"]) == (code, error)
    answer = post(bob.url, b"[]", small)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "body: got other bytes, expected those that were signed",
    )


def rss_mib(process) -> tuple[float, float]:
    """Return the memory of a process now, and the most that it ever had. [MiB]"""
    rows = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    found = dict(row.split(":", 1) for row in rows)
    return tuple(int(found[name].split()[0]) / 1024.0 for name in ("VmRSS", "VmHWM"))


class Friend(threading.Thread):
    """Sends one message after the other while it may."""

    def __init__(self, who, to):
        super().__init__()
        self.who, self.to, self.done, self.answered = who, to, threading.Event(), 0

    def run(self):
        while not self.done.is_set():
            self.who.send(self.to, f"message {self.answered}")
            until(lambda: not self.who.waiting(), 60.0)
            self.answered += 1


def flood(url, key, to, mib):
    """Send so many MiB, half of it as a stranger; return the answers by their code."""
    stranger, codes = b"\0" * 2**20, Counter()
    trusted = json.dumps({"payload": "A" * 2**20, "payloadType": MESSAGE_TYPE, "signatures": []}).encode()
    with httpx.Client(trust_env=False, timeout=60.0) as client:
        for number in range(mib):
            body = trusted if number % 2 else stranger
            header = authorization(to, body, key) if number % 2 else "Overflight none"
            try:
                answer = client.post(f"{url}/messages", content=body, headers={"Authorization": header})
                codes[answer.status_code] += 1
            except httpx.TransportError:  # it was answered and closed before all of it was sent
                codes["closed"] += 1
    return codes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_flood_is_held_off_with_bounded_memory_and_the_others_are_served_on(tmp_path):
    """A trusted party and a stranger send all they can; sized by OVERFLIGHT_FLOOD_MIB."""
    bob, alice, mallory = (Party(tmp_path, name) for name in ("bob", "alice", "mallory"))
    for party in (alice, mallory):
        bob.trust(party)
        party.trust(bob)
    with ending(bob, alice):
        bob.serve("--bytes-rate", "500000")
        alice.trust(bob)
        alice.serve()
        at_rest, _ = rss_mib(bob.process)
        friend = Friend(alice, bob)
        friend.start()
        with mallory.line() as line:
            codes = flood(bob.url, line.key, bob.public.id, FLOOD_MIB)
        friend.done.set()
        friend.join()
        _, most = rss_mib(bob.process)
    said = f"answers {dict(codes)}, {friend.answered} messages of others; {at_rest:.0f} MiB, at most {most:.0f}"
    assert set(codes) <= {400, 403, 429, "closed"}, said
    assert codes[429] + codes["closed"] > 0, said
    assert friend.answered > 0, said
    assert bob.texts() == [f"message {i}" for i in range(friend.answered)]
    assert most < at_rest + 64.0, said
    if os.environ.get("OVERFLIGHT_FLOOD_MIB"):
        sys.stderr.write(f"{said}\n")
