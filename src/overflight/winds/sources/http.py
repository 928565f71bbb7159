"""Downloads that can be trusted: ranged, resumed, retried, checked."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeVar

import httpx

from overflight.errors import Interrupted, Unavailable

log = logging.getLogger(__name__)

MAX_WAIT_S = 30.0
STRANGER_TRIES, STRANGER_WAIT_S, CONNECT_S = 2, 0.25, 10.0
"""Tries of a host that never answered, the wait between them, and the longest one for a connection: there may be no
network. [s]"""
RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
T = TypeVar("T")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)$")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` to ``end`` (not included) of a file on a server."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.end - self.start


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


class Missing(Unavailable):
    """The server has no such file (404, 410)."""


class _Retry(Exception):
    """A try failed in a way that another may cure."""

    def __init__(self, reason: str, *, wait_s: float = 0.0, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.unreachable = unreachable


@dataclass(slots=True, kw_only=True)
class Client:
    """HTTP with retries; one object serves many threads.

    Attributes
    ----------
    tries : int
        Tries without a byte of progress before a download fails; at most two to connect to a host that never answered.
    backoff_s : float
        Wait before the second try; doubles each time, at most 30 s. [s]
    timeout_s : float
        Longest silence of a server. [s]
    stop : threading.Event
        Set it, and every download ends with ``Interrupted`` at its next chunk.
    """

    tries: int = 5
    backoff_s: float = 0.5
    timeout_s: float = 30.0
    stop: threading.Event = field(default_factory=threading.Event)
    _http: httpx.Client | None = None
    _dead: dict[str, str] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        """Open the connection pool."""
        self._http = httpx.Client(
            timeout=httpx.Timeout(self.timeout_s, connect=min(CONNECT_S, self.timeout_s)),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            follow_redirects=True,
            headers={"Accept-Encoding": "identity", "User-Agent": "overflight"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def get(self, url: str) -> bytes:
        """Return a small file whole.

        Raises
        ------
        Missing
            There is no such file.
        Unavailable
            Anything else went wrong, after the tries were used up.
        """

        def once() -> bytes:
            with self._stream(url, None) as answer:
                body = b"".join(self._body(answer))
            length = answer.headers.get("content-length")
            if length is not None and length != str(len(body)):
                raise _Retry(f"{len(body)} bytes came of {length}")
            return body

        return self._retried(url, once, lambda: 0)

    def size(self, url: str) -> int | None:
        """Return the length of a file [bytes], or None where the server does not tell.

        Raises
        ------
        Missing, Unavailable
            As for `get`.
        """
        return self.edition(url)[0]

    def edition(self, url: str) -> tuple[int | None, str]:
        """Return the length of a file as `size` does, and how the server marks its edition: "" where it does not.

        Raises
        ------
        Missing, Unavailable
            As for `get`.
        """

        def once() -> tuple[int | None, str]:
            with self._stream(url, "bytes=0-0") as answer:
                total = answer.headers.get("content-length", "*")
                if answer.status_code == 206:
                    total = answer.headers.get("content-range", "").rpartition("/")[2]
                mark = answer.headers.get("etag") or answer.headers.get("last-modified", "")
                return int(total) if total.isdigit() else None, mark

        return self._retried(url, once, lambda: 0)

    def exists(self, url: str) -> bool:
        """Say whether a file is there."""
        try:
            self.size(url)
        except Missing:
            return False
        return True

    def copy(self, url: str, spans: Sequence[Span], out: Sink, *, done: int = 0) -> int:
        """Append the bytes of ``spans``, one after the other, to ``out``.

        A connection that breaks is taken up where it broke. A server that ignores ranges and sends the
        whole file is read through once.

        Parameters
        ----------
        spans : sequence of Span
            In the order of the file, not overlapping.
        done : int
            How many of the spans' bytes are in ``out`` already.

        Returns
        -------
        int
            How many bytes came over the network into ``out``.

        Raises
        ------
        Unavailable
            The server gave up, gave other bytes than asked for, or fewer.
        """
        begun, total = done, sum(span.size for span in spans)

        def once() -> None:
            nonlocal done
            while done < total:
                left = _remaining(spans, done)
                with self._stream(url, f"bytes={left[0].start}-{left[0].end - 1}") as answer:
                    at = _body_start(answer, left[0])
                    wanted = left if answer.status_code == 200 else left[:1]
                    goal = done + sum(span.size for span in wanted)
                    for piece in _cut(self._body(answer), at, wanted):
                        out.write(piece)
                        done += len(piece)
                if done < goal:
                    raise _Retry(f"the body ended {goal - done} bytes early")

        self._retried(url, once, lambda: done)
        return done - begun

    def _body(self, answer: httpx.Response) -> Iterator[bytes]:
        # As it comes from the network: a chunk size would hold bytes back, and lose them when it breaks.
        for chunk in answer.iter_raw():
            if self.stop.is_set():
                raise Interrupted("download stopped; the same command resumes")
            yield chunk

    @contextlib.contextmanager
    def _stream(self, url: str, span: str | None) -> Iterator[httpx.Response]:
        assert self._http is not None, "use the client in a with block"  # noqa: S101
        headers = {} if span is None else {"Range": span}
        try:
            with self._http.stream("GET", url, headers=headers) as answer:
                self._known.add(_host(url))
                _check_status(answer, url, span)
                yield answer
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as problem:
            raise Unavailable(f"{url}: {problem}") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as problem:
            raise _Retry(_reason(problem), unreachable=True) from None
        except httpx.TransportError as problem:
            raise _Retry(_reason(problem)) from None

    def _retried(self, url: str, once: Callable[[], T], position: Callable[[], int]) -> T:
        """Call ``once`` until it returns, giving up after `tries` without progress in ``position``."""
        failed, host = 0, _host(url)
        while True:
            if host in self._dead:
                raise Unavailable(f"cannot reach {url}: {self._dead[host]}")
            before = position()
            try:
                return once()
            except _Retry as problem:
                failed = 1 if position() > before else failed + 1
                stranger = problem.unreachable and host not in self._known
                if failed >= (min(STRANGER_TRIES, self.tries) if stranger else self.tries):
                    raise self._given_up(url, problem, failed) from None
                doubled_s = self.backoff_s * 2 ** (failed - 1)
                wait_s = min(STRANGER_WAIT_S, doubled_s) if stranger else max(problem.wait_s, doubled_s)
                log.info("%s: %s; trying again", url, problem)
            if self.stop.wait(min(wait_s, MAX_WAIT_S)):
                raise Interrupted("download stopped; the same command resumes")

    def _given_up(self, url: str, problem: _Retry, failed: int) -> Unavailable:
        """Return the line for a download that failed; a host that cannot be reached is not asked again."""
        if problem.unreachable:
            self._dead[_host(url)] = str(problem)
            return Unavailable(f"cannot reach {url}: {problem}")
        return Unavailable(f"{url}: {problem} ({failed} tries)")


def _host(url: str) -> str:
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace")
    except httpx.InvalidURL as problem:
        raise Unavailable(f"{url}: {problem}") from None


def _reason(problem: httpx.TransportError) -> str:
    if isinstance(problem, httpx.TimeoutException):
        return "no answer in time"
    return str(problem) or type(problem).__name__


def _check_status(answer: httpx.Response, url: str, span: str | None) -> None:
    status = answer.status_code
    said = f"{status} {answer.reason_phrase}".strip()
    if status in (404, 410):
        raise Missing(f"{url}: {said}")
    if status in RETRY_STATUS:
        after = answer.headers.get("retry-after", "")
        raise _Retry(said, wait_s=float(after) if after.isdigit() else 0.0)
    if status == 416 and span == "bytes=0-0":
        raise Unavailable(f"{url}: an empty file")
    if status == 416:
        raise Unavailable(f"{url}: the file is shorter than its index says ({span} is past its end)")
    if status not in (200, 206) or (status == 206 and span is None):
        raise Unavailable(f"{url}: {said}")


def _remaining(spans: Sequence[Span], done: int) -> list[Span]:
    """Return what is left of ``spans`` after their first ``done`` bytes."""
    left = []
    for span in spans:
        skipped = min(done, span.size)
        done -= skipped
        if skipped < span.size:
            left.append(Span(span.start + skipped, span.end))
    return left


def _body_start(answer: httpx.Response, asked: Span) -> int:
    """Return the place in the file of the body's first byte, after checking what was promised."""
    if answer.status_code == 200:
        log.info("%s: the server ignores byte ranges; reading the whole file", answer.url)
        return 0
    text = answer.headers.get("content-range", "")
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None or int(match[1]) != asked.start or int(match[2]) >= asked.end:
        raise Unavailable(f"{answer.url}: asked for bytes {asked.start}-{asked.end - 1}, got Content-Range {text!r}")
    if int(match[2]) < asked.end - 1:
        raise Unavailable(f"{answer.url}: the file ends at byte {match[2]}, before its index says")
    return asked.start


def _cut(chunks: Iterator[bytes], at: int, spans: Sequence[Span]) -> Iterator[bytes]:
    """Yield those bytes of a stream that begins at ``at`` which lie in ``spans``."""
    wanted = iter(spans)
    span = next(wanted)
    for chunk in chunks:
        end = at + len(chunk)
        while span.start < end:
            yield chunk[max(0, span.start - at) : span.end - at]
            if span.end > end:
                break
            following = next(wanted, None)
            if following is None:
                return
            span = following
        at = end
