"""What was kept elsewhere of a case, a head or a key, against what it is now."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from overflight.case.canonical import parsed
from overflight.case.case_file import Case
from overflight.case.heads import opened_head
from overflight.case.keys import PublicKey
from overflight.case.merkle import root_of
from overflight.case.proof import signed_heads
from overflight.case.verify import Verification
from overflight.errors import InvalidInput, OverflightError

_HASH = re.compile(r"[0-9a-fA-F]{64}")


def expect_head(case: Case, found: Verification, head: str) -> Verification:
    """Compare with a head that was kept: the hash of a record, or a file with a signed head.

    A case may have gone on since; it must hold what it held then.
    """
    if not _HASH.fullmatch(head):
        return _expect_signed(case, found, Path(head))
    hashes = [one.hex() for one in case.hashes()]
    if head.lower() not in hashes:
        return _with(found, problem=f"no record has the hash {head.lower()}: the log is another, or was cut before it")
    number = hashes.index(head.lower()) + 1
    return _with(found, note=f"the head that was kept is that of record {number} of {len(hashes)}")


def _expect_signed(case: Case, found: Verification, path: Path) -> Verification:
    try:
        data = path.read_bytes()
    except OSError:
        raise InvalidInput("--head", repr(str(path)), "a hash of 64 hex digits, or a file with a signed head") from None
    head, key = opened_head(parsed(data, "head"), [state.key for state in case.keyring().states.values()])
    entries = case.hashes()
    if head.log != case.record(1).hash or head.size > len(entries) or root_of(entries[: head.size]).hex() != head.root:
        return _with(
            found, problem=f"the signed head of {head.size} records is not that of this log: it was cut or forked"
        )
    return _with(found, note=f"the head that {key.fingerprint} signed is that of record {head.size} of {len(entries)}")


def expect_key(case: Case, found: Verification, key: PublicKey) -> Verification:
    """Demand that the log is signed by a key that was had another way, or by one that took its place."""
    try:
        ring = case.keyring()
        state = ring.states.get(key.id)
        if state is None:
            return _with(found, problem=f"the log does not name the key {key.fingerprint}")
        if state.ended == "revoke":
            return _with(
                found, problem=f"the key {key.fingerprint} is revoked since record {state.until}: {state.reason}"
            )
        own = {other.key for other in ring.states.values() if other.party == state.party}
        sizes = [opened_head(envelope, own)[0].size for _, envelope in signed_heads(case) if _is_by(envelope, own)]
    except OverflightError as problem:
        return _with(found, problem=str(problem))
    if not sizes:
        return _with(found, problem=f"no head of the log is signed by {state.party} ({key.fingerprint})")
    after = found.records - max(sizes) - 1
    note = f"{after} records after the last head that {state.party} signed are not covered by it" if after > 0 else ""
    return _with(found, note=note)


def _is_by(envelope: object, keys: set[PublicKey]) -> bool:
    try:
        opened_head(envelope, keys)
    except OverflightError:
        return False
    return True


def _with(found: Verification, *, problem: str = "", note: str = "") -> Verification:
    problems = (*found.problems, problem) if problem else found.problems
    return replace(found, problems=problems, notes=(*found.notes, note) if note else found.notes)
