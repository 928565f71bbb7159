"""Bring what waits to a party by HTTP, take its receipts, and ask for the proofs that are missing."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from overflight.case.canonical import parsed
from overflight.case.envelope import payload_of
from overflight.case.keys import SecretKey
from overflight.errors import InvalidInput, OverflightError, Unavailable, one_line
from overflight.geo.times import parse_utc
from overflight.line.exchange.contact import LONGEST_PAUSE_S, note_contact, note_failure
from overflight.line.exchange.line import Line
from overflight.line.exchange.proving import take_proof, unproved
from overflight.line.exchange.request import LARGEST_BODY, authorization
from overflight.line.exchange.sending import outgoing, take_receipt
from overflight.line.exchange.tables import Row

TIMEOUT_S = 20.0
LONGEST_ANSWER_S = 60.0
"""Beside the timeout of each step: one that drips byte by byte is given up."""
MOST_PROOFS_A_VISIT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a visit to a party came to.

    Attributes
    ----------
    acknowledged : messages that it acknowledged.
    problem : why it ended before all were, or "".
    """

    party: str
    acknowledged: int = 0
    problem: str = ""


class _Refused(OverflightError):
    """The other side refused, in one line."""

    def __init__(self, status: int, line: str, *, wait_s: float = 0.0, expected: int = 0) -> None:
        super().__init__(f"{line} ({status})")
        self.wait_s, self.expected = wait_s, expected


def deliver(line: Line, party: str, *, most_s: float = LONGEST_PAUSE_S) -> Delivery:
    """Bring all that waits to a party, in order, until one is not taken; failures are noted, and tried again later.

    Parameters
    ----------
    most_s : the longest pause before another try. [s]
    """
    with line.reading() as index:
        row = index.party(party)
    if not row.address:
        return Delivery(party=party, problem="no address; line export writes a file for it")
    done = 0
    try:
        with _client(row) as client:
            visit = _Visit(line, row, client)
            for _ in visit.messages():
                done += 1
            visit.proofs()
            if visit.skew_s is not None:
                note_contact(line, party, visit.skew_s)
    except (OverflightError, httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        said = one_line(str(problem) or type(problem).__name__, 300)
        note_failure(line, party, said, getattr(problem, "wait_s", 0.0), most_s)
        return Delivery(party=party, acknowledged=done, problem=said)
    return Delivery(party=party, acknowledged=done)


def _client(row: Row) -> httpx.Client:
    verify: ssl.SSLContext | bool = True
    if row.certificate:
        try:
            verify = ssl.create_default_context(cadata=row.certificate)
        except (ssl.SSLError, ValueError):
            raise InvalidInput("certificate", "no PEM", f"the certificate of {row.party}") from None
    return httpx.Client(base_url=row.address, verify=verify, timeout=TIMEOUT_S)


class _Visit:
    """One connection to a party."""

    def __init__(self, line: Line, row: Row, client: httpx.Client) -> None:
        self.line, self.row, self.client = line, row, client
        self.skew_s: float | None = None

    def messages(self) -> Any:
        """Yield the id of each message that was acknowledged."""
        at, went_back = 0, False
        while (found := outgoing(self.line, self.row.party, at)) is not None:
            row, envelope = found
            try:
                answer = self.post("/messages", envelope, self.line.key_of(payload_of(envelope)[2][0]))
            except _Refused as problem:
                if went_back or not 0 < problem.expected < row.sequence:
                    raise
                at, went_back = problem.expected, True  # it lacks what it acknowledged: its log is an older one
                continue
            name, _ = take_receipt(self.line, answer.get("receipt"))
            if name != row.id:
                raise InvalidInput("receipt", "one of another message", f"one of message {row.sequence}")
            yield name
            at = row.sequence + 1

    def proofs(self) -> None:
        """Ask for proofs that the party's heads are of one log, some at a time."""
        for _ in range(MOST_PROOFS_A_VISIT):
            pair = unproved(self.line, self.row.party)
            if pair is None:
                return
            sizes = {"first": pair[0].size, "second": pair[1].size}
            if take_proof(self.line, self.row.party, pair, self.post("/proofs", sizes, self.line.key).get("proof")):
                return

    def post(self, path: str, data: Any, key: SecretKey) -> dict[str, Any]:
        """Post a body, and return the answer.

        Raises
        ------
        _Refused
            The other side would not have it.
        """
        body = json.dumps(data, separators=(",", ":")).encode()
        headers = {"Authorization": authorization(self.row.first_key, body, key), "Content-Type": "application/json"}
        begun = time.monotonic()
        with self.client.stream("POST", path, content=body, headers=headers) as response:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > LARGEST_BODY:
                    raise Unavailable(f"{self.row.address}: the answer is longer than {LARGEST_BODY:,} bytes")
                if time.monotonic() - begun > LONGEST_ANSWER_S:
                    raise Unavailable(f"{self.row.address}: the answer takes longer than {LONGEST_ANSWER_S:g} s")
        answer = _answer(self.row, response, bytes(content))
        self._compare_clocks(answer, (time.monotonic() - begun) / 2.0)
        return answer

    def _compare_clocks(self, answer: dict[str, Any], half_way_s: float) -> None:
        there = parse_utc(str(answer.get("now")), field="now", where=self.row.address)
        self.skew_s = (there - datetime.now(UTC)).total_seconds() + half_way_s


def _answer(row: Row, response: httpx.Response, content: bytes) -> dict[str, Any]:
    try:
        data = parsed(content, "answer")
    except InvalidInput:
        data = None
    if not isinstance(data, dict):
        raise Unavailable(f"{row.address}: no line answers there (HTTP {response.status_code})")
    if response.status_code == 200:
        return data
    wait = response.headers.get("Retry-After", "")
    expected = data.get("expected")
    raise _Refused(
        response.status_code, one_line(f"{row.party} says: {data.get('error')}", 300),
        wait_s=min(float(wait), LONGEST_PAUSE_S) if wait.isdigit() and len(wait) < 9 else 0.0,
        expected=expected if type(expected) is int else 0,
    )  # fmt: skip
