"""Rows of JSON from a file of any size, in bounded memory; a row that is broken stops none of the others.

An array of objects, one object a line, or objects one after the other; plain or compressed by gzip.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, TypeVar

import msgspec

from overflight.errors import InvalidInput, one_line

BLOCK_BYTES = 2**21
MOST_ROW_BYTES = 2**20
"""A row longer than this is broken: its end is missing."""
MOST_JOINED = 8
"""How many pieces are tried as one row where a row holds objects of its own."""
MOST_TRIES = 1000
KEY_BYTES = 8
SMALL_BYTES = 2**15
"""A block that cannot be decoded is halved down to this size, then taken row by row."""
_BETWEEN = re.compile(rb"\}\s*,?\s*\{")
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_AT_END = re.compile(rb"\}\s*,?\s*$")
_VALIDATION = re.compile(r"Expected `(?P<expected>.*)`, got `(?P<got>.*)` - at `\$\.(?P<field>\w+)")
_FAILURES = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OTHERS = {"float": "a number", "float | str": "a number", "int | float | str": "a whole number", "str": "a text"}

T = TypeVar("T")


class Digest(Protocol):
    """What ``hashlib`` makes."""

    def update(self, data: bytes, /) -> object:
        """Take more bytes."""


def blocks(stream: BinaryIO, digest: Digest, most: int, name: str) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked where they are compressed by gzip; ``digest`` takes them as they lie there.

    Raises
    ------
    InvalidInput
        There are more than ``most``, or what is compressed breaks off.
    """
    first = stream.read(BLOCK_BYTES)
    unpack = zlib.decompressobj(wbits=31) if first.startswith(b"\x1f\x8b") else None
    total, block = 0, first
    while block:
        digest.update(block)
        for piece in _unpacked(block, unpack, name) if unpack else (block,):
            total += len(piece)
            if total > most:
                raise InvalidInput("sightings", f"over {most >> 20} MiB", "a smaller file", name, "split the file")
            yield piece
        block = stream.read(BLOCK_BYTES)
    if unpack and not unpack.eof:
        raise InvalidInput("gzip", "a file that breaks off", "a whole file", name)


def _unpacked(block: bytes, unpack: zlib._Decompress, name: str) -> Iterator[bytes]:
    while block and not unpack.eof:
        try:
            piece = unpack.decompress(block, BLOCK_BYTES)
        except zlib.error as problem:
            raise InvalidInput("gzip", f"broken bytes ({problem})", "a whole file", name) from None
        block = unpack.unconsumed_tail
        yield piece


@dataclass(slots=True)
class Decoded(Generic[T]):
    """What a block held.

    Attributes
    ----------
    numbers, rows : the sound rows and the number of each in its file, counted from 1.
    broken : (number, what is wrong) of the others.
    left : the beginning of a row that goes on in the next block.
    """

    numbers: list[int] = field(default_factory=list)
    rows: list[T] = field(default_factory=list)
    broken: list[tuple[int, InvalidInput]] = field(default_factory=list)
    left: bytes = b""


class Rows(Generic[T]):
    """The rows of a file, decoded block by block.

    Attributes
    ----------
    count : int. Rows met so far, sound or broken; the number of the last one.
    """

    def __init__(self, kind: type[T]) -> None:
        self.count = 0
        self._one = msgspec.json.Decoder(kind)
        self._many = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._raw = msgspec.json.Decoder(list[msgspec.Raw])
        self._any = msgspec.json.Decoder(msgspec.Raw)
        self._by_line = False

    def decoded(self, pieces: Iterator[bytes]) -> Iterator[Decoded[T]]:
        """Yield what each block of a file holds."""
        carried, begun = b"", False
        for piece in pieces:
            carried += piece
            if not begun and carried.strip():
                begun, carried = True, self._opened(carried)
            cut = self._cut(carried)
            if cut == 0 and len(carried) > MOST_ROW_BYTES + BLOCK_BYTES:
                cut = len(carried)
            if cut:
                found = self._block(carried[:cut])
                carried = found.left + carried[cut:]
                yield found
        found = self._block(carried.rstrip(b" \t\r\n,]"))
        if found.left:
            self.count += 1
            found.broken.append((self.count, _wrong(found.left, msgspec.DecodeError("Input data was truncated"))))
        yield found

    def _opened(self, head: bytes) -> bytes:
        """Tell whether each line is a row, and leave out what opens an array."""
        head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        line, newline, _ = head.partition(b"\n")
        try:
            self._by_line = (
                bool(newline) and isinstance(self._raw.decode(b"[" + line + b"]"), list) and line[:1] == b"{"
            )
        except _FAILURES:
            self._by_line = False
        return head if self._by_line else head.removeprefix(b"[").lstrip()

    def _cut(self, carried: bytes) -> int:
        """Return where the last row in hand begins, behind a whole one."""
        if self._by_line:
            return carried.rfind(b"\n") + 1
        at = len(carried)
        for _ in range(MOST_TRIES):
            at = carried.rfind(b"{", 1, at)
            if at < 0:
                break
            if _AT_END.search(carried, max(0, at - 64), at):
                return at
        return 0

    def _block(self, block: bytes) -> Decoded[T]:
        """Decode a block at once; where that fails each half, and a small one row by row."""
        body = block.strip(b" \t\r\n,")
        if not body:
            return Decoded()
        try:
            rows = self._one.decode_lines(body) if self._by_line else self._many.decode(b"[" + body + b"]")
        except _FAILURES:
            half = self._cut(body[: len(body) // 2]) if len(body) > SMALL_BYTES else 0
            return self._halves(body, half) if half else self._piecewise(body)
        first, self.count = self.count + 1, self.count + len(rows)
        return Decoded(list(range(first, self.count + 1)), rows)

    def _halves(self, body: bytes, half: int) -> Decoded[T]:
        one = self._block(body[:half])
        other = self._block(one.left + body[half:])
        return Decoded(one.numbers + other.numbers, one.rows + other.rows, one.broken + other.broken, other.left)

    def _piecewise(self, body: bytes) -> Decoded[T]:
        pieces = self._pieces(body)
        found: Decoded[T] = Decoded()
        at = 0
        while at < len(pieces):
            row, used, problem = self._row(pieces, at)
            if row is None and self._goes_on(pieces, at, problem):
                found.left = b",".join(pieces[at:]) + b","
                break
            if row is None and not self._by_line and len(pieces) < MOST_TRIES:
                row = self._parted(pieces, at)
            self.count += 1
            if row is None:
                found.broken.append((self.count, _wrong(pieces[at], problem)))
            else:
                found.numbers.append(self.count)
                found.rows.append(row)
            at += used
        return found

    def _pieces(self, body: bytes) -> list[bytes]:
        if self._by_line:
            return [line for line in body.splitlines() if line.strip()]
        try:
            return [bytes(raw) for raw in self._raw.decode(b"[" + body + b"]")]
        except _FAILURES:
            cuts = [0, *(match.start() + 1 for match in _BETWEEN.finditer(body)), len(body)]
            return [body[a:b].lstrip(b" \t\r\n,") for a, b in pairwise(cuts)]

    def _row(self, pieces: list[bytes], at: int) -> tuple[T | None, int, Exception]:
        """Decode the piece, or it and the next ones where it is the beginning of a row; return how many were used."""
        first: Exception = msgspec.DecodeError("Input data was truncated")
        for used in range(1, 1 + (1 if self._by_line else min(MOST_JOINED, len(pieces) - at))):
            row, problem = self._try(b",".join(pieces[at : at + used]))
            if row is not None:
                return row, used, first
            first = problem if used == 1 else first
            if "truncated" not in str(problem):
                break
        return None, 1, first

    def _try(self, piece: bytes) -> tuple[T | None, Exception]:
        try:
            return self._one.decode(piece), EOFError()
        except _FAILURES as problem:
            return None, problem

    def _parted(self, pieces: list[bytes], at: int) -> T | None:
        """Part a row from what follows it in the same piece, and return it where it is sound.

        The row after a broken one is told by beginning as that does.
        """
        piece, behind = pieces[at], None
        try:
            self._any.decode(piece)
        except _FAILURES as problem:
            behind = _TRAILING.search(str(problem))
        if behind:
            cut = int(behind[1]) - 1  # counted from 1
            pieces[at : at + 1] = [piece[:cut], *filter(None, [piece[cut:].strip(b" \t\r\n,")])]
            return self._try(pieces[at])[0]
        at_next = piece.find(piece[:KEY_BYTES], 1)
        if at_next > 0:
            pieces[at : at + 1] = [piece[:at_next], piece[at_next:]]
        return None

    def _goes_on(self, pieces: list[bytes], at: int, problem: Exception) -> bool:
        """Whether a row that breaks off is near enough to the end of the block to go on in the next."""
        if self._by_line or "truncated" not in str(problem) or len(pieces) - at >= MOST_JOINED:
            return False
        return sum(map(len, pieces[at:])) < MOST_ROW_BYTES


def _wrong(piece: bytes, problem: Exception) -> InvalidInput:
    text = str(problem)
    match = _VALIDATION.search(text)
    if match:
        expected = match["expected"].removesuffix(" | null")
        return InvalidInput(match["field"], f"JSON of type {match['got']}", _OTHERS.get(expected, expected))
    if isinstance(problem, RecursionError):
        text = "nested too deep"
    begun = one_line(piece[:60].decode("utf-8", "replace"), 60)
    return InvalidInput("row", f"{begun!r} ({one_line(text, 100)})", "a JSON object")


def opened(path: Path) -> BinaryIO:
    """Open a file, or say in a line why it cannot be."""
    try:
        return path.open("rb")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        expected = "a file of sightings that can be read"
        raise InvalidInput("sightings", f"{str(path)!r} ({reason})", expected) from None
