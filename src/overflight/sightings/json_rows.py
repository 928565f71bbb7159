"""Rows of JSON from a file of any size, in bounded memory; a row that is broken stops none of the others.

An array of objects, one object a line, or objects one after the other; plain or compressed by gzip.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
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
_BETWEEN = re.compile(rb"(?<=\})\s*,?\s*(?=\{)")
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
        self._by_line = False

    def decoded(self, pieces: Iterator[bytes]) -> Iterator[tuple[list[int], list[T], list[tuple[int, InvalidInput]]]]:
        """Yield of each block (numbers of the sound rows, the sound rows, (number, what is wrong) of the others)."""
        carried, begun = b"", False
        for piece in pieces:
            carried += piece
            if not begun and carried.strip():
                begun, carried = True, self._opened(carried)
            cut = self._cut(carried)
            if cut == 0 and len(carried) > MOST_ROW_BYTES + BLOCK_BYTES:
                cut = len(carried)
            if cut:
                *found, left = self._block(carried[:cut])
                carried = left + carried[cut:]
                yield found[0], found[1], found[2]
        *found, left = self._block(carried.rstrip(b" \t\r\n,]"))
        if left.strip():
            self.count += 1
            found[2].append((self.count, _wrong(left, msgspec.DecodeError("Input data was truncated"))))
        yield found[0], found[1], found[2]

    def _opened(self, head: bytes) -> bytes:
        """Tell whether each line is a row, and leave out what opens an array."""
        head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        line, newline, _ = head.partition(b"\n")
        try:
            self._by_line = bool(newline) and isinstance(self._raw.decode(b"[" + line + b"]"), list) and line[:1] == b"{"
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

    def _block(self, block: bytes) -> tuple[list[int], list[T], list[tuple[int, InvalidInput]], bytes]:
        """Decode a block at once, or row by row where that fails; what may go on in the next block comes back."""
        body = block.strip(b" \t\r\n,")
        if not body:
            return [], [], [], b""
        try:
            rows = self._one.decode_lines(body) if self._by_line else self._many.decode(b"[" + body + b"]")
        except _FAILURES:
            return self._piecewise(body)
        numbers = list(range(self.count + 1, self.count + len(rows) + 1))
        self.count += len(rows)
        return numbers, rows, [], b""

    def _piecewise(self, body: bytes) -> tuple[list[int], list[T], list[tuple[int, InvalidInput]], bytes]:
        pieces = self._pieces(body)
        numbers: list[int] = []
        rows: list[T] = []
        broken: list[tuple[int, InvalidInput]] = []
        at = 0
        while at < len(pieces):
            row, used, problem = self._row(pieces, at)
            if row is None and self._goes_on(pieces, at, problem):
                return numbers, rows, broken, b",".join(pieces[at:])
            self.count += 1
            if row is None:
                broken.append((self.count, _wrong(pieces[at], problem)))
            else:
                numbers.append(self.count)
                rows.append(row)
            at += used
        return numbers, rows, broken, b""

    def _pieces(self, body: bytes) -> list[bytes]:
        if self._by_line:
            return [line for line in body.splitlines() if line.strip()]
        try:
            return [bytes(raw) for raw in self._raw.decode(b"[" + body + b"]")]
        except _FAILURES:
            return _BETWEEN.split(body)

    def _row(self, pieces: list[bytes], at: int) -> tuple[T | None, int, Exception]:
        """Decode the piece, or it and the next ones where it is the beginning of a row; return how many were used."""
        first: Exception = msgspec.DecodeError("Input data was truncated")
        for used in range(1, 1 + (1 if self._by_line else min(MOST_JOINED, len(pieces) - at))):
            try:
                return self._one.decode(b",".join(pieces[at : at + used])), used, first
            except _FAILURES as problem:
                first = problem if used == 1 else first
                if "truncated" not in str(problem):
                    break
        return None, 1, first

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
