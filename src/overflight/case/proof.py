"""Proofs to hand over: that a record is in a log of a signed head, and that a later head only adds to an earlier."""

from __future__ import annotations

from typing import Any

from overflight.case import merkle
from overflight.case.canonical import canonical
from overflight.case.case_file import Case
from overflight.case.heads import Head, opened_head, read_head
from overflight.case.keys import PublicKey
from overflight.case.record import Record, digest_of_body, hash_of
from overflight.errors import InvalidInput, Tampered

FORM = "overflight proof of inclusion 1"
_MOST_STEPS = 64


def signed_heads(case: Case) -> list[tuple[Head, dict[str, Any]]]:
    """Return the signed heads of a case's own log, with their envelopes, as they were appended."""
    log = case.record(1).hash
    envelopes = [record.body["envelope"] for record in case.records("head") if record.body is not None]
    return [(head, envelope) for envelope in envelopes for head in [read_head(envelope)[0]] if head.log == log]


def prove(case: Case, number: int) -> dict[str, Any]:
    """Return a record with the proof that it is in the log, under the first signed head that covers it.

    Raises
    ------
    InvalidInput
        There is no such record, or no signed head covers it.
    """
    record = case.record(number)
    found = next(((head, envelope) for head, envelope in signed_heads(case) if head.size >= number), None)
    if found is None:
        raise InvalidInput("record", f"{number}, which no signed head covers", "a record that one does",
                           hint="overflight case sign")  # fmt: skip
    head, envelope = found
    path = merkle.inclusion_proof(case.hashes()[: head.size], number - 1)
    return {"form": FORM, "record": record.to_json(), "path": [step.hex() for step in path], "head": envelope}


def consistency(case: Case, first: int, second: int) -> list[str]:
    """Return the proof, hex, that the log of ``second`` records begins with that of ``first``."""
    entries = case.hashes()
    if not 0 <= first <= second <= len(entries):
        raise InvalidInput("size", f"{first} and {second}", f"sizes up to {len(entries)}, the smaller first")
    return [step.hex() for step in merkle.consistency_proof(entries[:second], first)]


def check_proof(proof: Any, key: PublicKey) -> tuple[Record, Head]:
    """Return the record of a proof, and the head that it is in, when all of it holds.

    Parameters
    ----------
    key : of the party whose log it is, had by another way than the proof.

    Raises
    ------
    InvalidInput
        It is no proof, or of an unknown party.
    Tampered
        It does not hold.
    """
    record, path, envelope = _parts(proof)
    head, _ = opened_head(envelope, [key])
    if hash_of(record.header()) != record.hash:
        raise Tampered(f"record {record.number}: its hash is not that of what it holds")
    if record.body is not None and (
        record.salt is None or digest_of_body(record.salt, canonical(record.body)) != record.body_sha256
    ):
        raise Tampered(f"record {record.number}: its body is not the one that it commits to")
    entry, root = bytes.fromhex(record.hash), bytes.fromhex(head.root)
    if not merkle.is_included(entry, record.number - 1, head.size, path, root):
        raise Tampered(f"record {record.number}: it is not in the log of the signed head of {head.size} records")
    return record, head


def _parts(proof: Any) -> tuple[Record, list[bytes], Any]:
    if not isinstance(proof, dict) or proof.get("form") != FORM or not isinstance(proof.get("record"), dict):
        raise InvalidInput("proof", "another form", f"a file that case prove wrote ({FORM})")
    data, steps = dict(proof["record"]), proof.get("path")
    refusal = InvalidInput("proof", "another form", f"a file that case prove wrote ({FORM})")
    if data.pop("version", None) != 1 or not isinstance(steps, list) or len(steps) > _MOST_STEPS:
        raise refusal
    try:
        path = [bytes.fromhex(step) for step in steps]
        salt = data.pop("salt")
        record = Record(number=data.pop("id"), salt=None if salt is None else bytes.fromhex(salt),
                        inputs=tuple(data.pop("inputs")), **data)  # fmt: skip
        bytes.fromhex(record.hash)
    except (KeyError, TypeError, ValueError):
        raise refusal from None
    if type(record.number) is not int:
        raise InvalidInput("proof", f"id {record.number!r}", "the number of a record")
    return record, path, proof.get("head")
