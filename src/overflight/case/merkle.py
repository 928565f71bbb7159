"""The Merkle tree over a log, with proofs that a record is in it and that it only grew (RFC 9162, section 2.1).

Leaves are the raw hashes of records. Proofs are lists of 32-byte hashes in the order of the RFC.

References
----------
Laurie, Messeri and Stradling (2021), Certificate Transparency Version 2.0, RFC 9162, sections 2.1.1 to 2.1.5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The root of a growing log, kept as the roots of its whole subtrees."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for entry in entries:
            self.append(entry)

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        node, size = leaf_hash(entry), self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root hash."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = node_hash(peak, root)
        return root


def root_of(entries: Sequence[bytes]) -> bytes:
    """Return the root hash of entries."""
    return Tree(entries).root()


def inclusion_proof(entries: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that entry ``index``, from 0, is among all of these."""
    if not 0 <= index < len(entries):
        raise IndexError(index)
    path: list[bytes] = []
    low, high = 0, len(entries)
    while high - low > 1:
        split = low + _split(high - low)
        if index < split:
            path.append(root_of(entries[split:high]))
            high = split
        else:
            path.append(root_of(entries[low:split]))
            low = split
    return path[::-1]


def consistency_proof(entries: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the first ``first`` of these entries were there before the others came."""
    if not 0 <= first <= len(entries):
        raise IndexError(first)
    if first in (0, len(entries)):
        return []
    path: list[bytes] = []
    low, high, is_whole = 0, len(entries), True
    while first != high - low:
        split = _split(high - low)
        if first <= split:
            path.append(root_of(entries[low + split : high]))
            high = low + split
        else:
            path.append(root_of(entries[low : low + split]))
            low, first, is_whole = low + split, first - split, False
    if not is_whole:
        path.append(root_of(entries[low:high]))
    return path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def is_included(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof of inclusion holds (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, here = leaf_hash(entry), size - 1, index
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = node_hash(step, node)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, step)
        here, last = here >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof of consistency holds (section 2.1.4.2); of an empty log every log is a continuation."""
    if first in (0, second):
        return not proof and 0 <= first <= second and first_root == (EMPTY if first == 0 else second_root)
    if not 0 < first < second or not proof:
        return False
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, step)
        here, last = here >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root
