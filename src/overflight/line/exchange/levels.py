"""The Merkle tree of a log with all its whole subtrees, so that a proof costs its length and not the log's."""

from __future__ import annotations

from overflight.case.merkle import EMPTY, HASH_BYTES, leaf_hash, node_hash


class Levels:
    """Whole subtrees of a growing log by level: 64 bytes a record."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        node, level = leaf_hash(entry), 0
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            row = self._levels[level]
            row += node
            if len(row) // HASH_BYTES % 2:
                return
            node = node_hash(bytes(row[-2 * HASH_BYTES : -HASH_BYTES]), node)
            level += 1

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        """Return the root of the entries from ``low`` to before ``high``: a subtree as proofs cut the tree."""
        high = self.size if high is None else high
        count = high - low
        if count == 0:
            return EMPTY
        level = count.bit_length() - 1
        if count == 1 << level and low % count == 0:
            at = (low >> level) * HASH_BYTES
            return bytes(self._levels[level][at : at + HASH_BYTES])
        split = low + (1 << ((count - 1).bit_length() - 1))
        return node_hash(self.root(low, split), self.root(split, high))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the proof that the first ``first`` entries stood before the others of ``second`` came (RFC 9162)."""
        if not 0 <= first <= second <= self.size:
            raise IndexError(first)
        if first in (0, second):
            return []
        path: list[bytes] = []
        low, high, left, is_whole = 0, second, first, True
        while left != high - low:
            split = 1 << ((high - low - 1).bit_length() - 1)
            if left <= split:
                path.append(self.root(low + split, high))
                high = low + split
            else:
                path.append(self.root(low, low + split))
                low, left, is_whole = low + split, left - split, False
        if not is_whole:
            path.append(self.root(low, high))
        return path[::-1]
