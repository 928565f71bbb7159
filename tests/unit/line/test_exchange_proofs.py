"""Proofs of a line: the same as the tree's own, and what a head that does not fit is told as."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overflight.case import merkle
from overflight.case.envelope import signed
from overflight.case.heads import HEAD_TYPE
from overflight.errors import InvalidInput, Tampered
from overflight.line.exchange.levels import Levels
from overflight.line.exchange.line import Line
from overflight.line.exchange.proving import PROOF_TYPE, prove, take_proof, unproved
from overflight.line.exchange.receiving import take, text_of
from overflight.line.exchange.sending import outgoing, send, take_receipt
from overflight.line.exchange.status import status


@given(st.integers(0, 130), st.data())
def test_roots_and_proofs_are_those_of_the_whole_tree(count, data):
    entries = [bytes([i % 256, i // 256]) for i in range(count)]
    levels = Levels()
    for entry in entries:
        levels.append(entry)
    first = data.draw(st.integers(0, count))
    second = data.draw(st.integers(first, count))
    assert levels.root(0, second) == merkle.root_of(entries[:second])
    proof = levels.consistency(first, second)
    assert proof == merkle.consistency_proof(entries[:second], first)
    assert merkle.is_consistent(first, levels.root(0, first), second, levels.root(0, second), proof)


def test_a_proof_beyond_the_log_is_none():
    levels = Levels()
    levels.append(b"x")
    with pytest.raises(IndexError):
        levels.consistency(0, 2)


@pytest.fixture
def pair(tmp_path):
    """Return two open lines that know each other."""
    with Line.create(tmp_path / "a", "alice", "x") as alice, Line.create(tmp_path / "b", "bob", "x") as bob:
        alice.trust("bob", bob.public())
        bob.trust("alice", alice.public())
        yield alice, bob


def sent(alice, bob, *texts):
    """Send texts from one to the other, and take the receipts."""
    for text in texts:
        send(alice, "bob", "statement", {"text": text})
        take_receipt(alice, take(bob, outgoing(alice, "bob", 0)[1]).receipt)


def forks(line):
    return [what for party in status(line).parties for _, what in party.forks]


def changed(line, envelope, **fields):
    """Return a message with other fields, signed by its sender."""
    payload = json.dumps({**text_of(envelope), **fields}).encode()
    return signed(payload, envelope["payloadType"], line.key)


def test_heads_in_messages_and_receipts_are_all_proved_to_be_of_one_log(pair):
    alice, bob = pair
    sent(alice, bob, "one", "two", "three")
    assert unproved(alice, "bob") is None
    assert unproved(bob, "alice") is None
    assert forks(alice) == forks(bob) == []


def test_a_head_that_does_not_continue_an_earlier_one_is_a_fork(pair):
    alice, bob = pair
    sent(alice, bob, "one")
    send(alice, "bob", "statement", {"text": "two"})
    envelope = outgoing(alice, "bob", 0)[1]
    head = json.loads(base64.b64decode(text_of(envelope)["head"]["payload"]))
    other = signed(json.dumps(head | {"root": "0" * 64}).encode(), HEAD_TYPE, alice.key)
    assert take(bob, changed(alice, envelope, head=other)).status == "applied"
    assert forks(bob)[0].startswith(f"signed a head of {head['size']} records that does not continue its head of")
    assert f"FORK: alice {forks(bob)[0]}; both statements are in record" in str(status(bob))


def test_a_head_without_a_proof_waits_for_one_and_is_then_proved(pair):
    alice, bob = pair
    sent(alice, bob, "one")
    send(alice, "bob", "statement", {"text": "two"})
    take(bob, changed(alice, outgoing(alice, "bob", 0)[1], proofs=[]))
    assert "signed heads that wait for a proof that its log only grew: 1" in str(status(bob))
    pair_of_heads = unproved(bob, "alice")
    first, second = (row.size for row in pair_of_heads)
    assert take_proof(bob, "alice", pair_of_heads, prove(alice, first, second)) == ""
    assert unproved(bob, "alice") is None


@pytest.mark.parametrize(("fields", "what"), [
    ({"hashes": ["0" * 64]}, "signed a head of {1} records that does not continue its head of {0}"),
    ({"size": 1, "hashes": []}, "signed a head of {1} records, and now says that its log has 1"),
])  # fmt: skip
def test_a_proof_that_does_not_hold_is_a_fork(pair, fields, what):
    alice, bob = pair
    sent(alice, bob, "one")
    send(alice, "bob", "statement", {"text": "two"})
    take(bob, changed(alice, outgoing(alice, "bob", 0)[1], proofs=[]))
    heads = unproved(bob, "alice")
    sizes = [row.size for row in heads]
    said = {"version": 1, "first": sizes[0], "second": sizes[1], "size": alice.size, "hashes": []} | fields
    found = take_proof(bob, "alice", heads, signed(json.dumps(said).encode(), PROOF_TYPE, alice.key))
    assert found == what.format(*sizes)
    assert forks(bob) == [found]
    with pytest.raises(InvalidInput, match="by an unknown party"):
        take_proof(bob, "alice", heads, signed(json.dumps(said).encode(), PROOF_TYPE, bob.key))


def test_two_messages_with_one_number_are_a_fork_that_is_recorded_once(pair):
    alice, bob = pair
    sent(alice, bob, "one")
    other = changed(alice, outgoing(alice, "bob", 1)[1], body={"text": "another"})
    third = changed(alice, outgoing(alice, "bob", 1)[1], body={"text": "a third"})
    outcomes = [take(bob, envelope) for envelope in (other, other, third)]
    assert [(o.status, o.what) for o in outcomes] == [("fork", "signed two different messages with number 1")] * 3
    assert outcomes[0].held == outgoing(alice, "bob", 1)[1]
    body = bob.case.records("finding")[0].body
    assert body["statements"] == [outgoing(alice, "bob", 1)[1], other]
    assert len(forks(bob)) == 1


def test_a_message_that_names_another_before_it_is_a_fork(pair):
    alice, bob = pair
    sent(alice, bob, "one")
    send(alice, "bob", "statement", {"text": "two"})
    outcome = take(bob, changed(alice, outgoing(alice, "bob", 2)[1], previous="0" * 64))
    assert (outcome.status, outcome.what) == ("fork", "signed message 2 as if another had come before it")


def test_a_receipt_of_another_message_or_by_another_is_refused(pair):
    alice, bob = pair
    send(alice, "bob", "statement", {"text": "one"})
    receipt = take(bob, outgoing(alice, "bob", 0)[1]).receipt
    with pytest.raises(InvalidInput, match="receipt: got one of another message 1, expected what was sent to bob"):
        take_receipt(alice, changed(bob, receipt, of="0" * 64))
    with pytest.raises(Tampered, match=r"the signature of .* does not hold"):
        take_receipt(alice, receipt | {"payload": changed(bob, receipt, of="0" * 64)["payload"]})
    assert take_receipt(alice, receipt)[1]
    assert not take_receipt(alice, receipt)[1]
