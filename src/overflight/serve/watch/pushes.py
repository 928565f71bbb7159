"""Bring alerts to where rules ask: over HTTP, by e-mail, over MQTT.

An alert is brought at least once: it waits in the store until the other side has taken it, and is tried again after
ever longer pauses. Each carries its id, by which the other side knows one that it has taken before: as the header
``Idempotency-Key``, as the ``Message-ID``, or as ``alert`` in the message itself.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
import time
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import msgspec
import sqlalchemy as sa

from overflight import __version__
from overflight.errors import InvalidInput, OverflightError, Unavailable, one_line
from overflight.serve.watch.rules import without_secrets
from overflight.serve.watch.store import ALERTS, OUTBOX, Store

log = logging.getLogger(__name__)

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given up"
LOOK_S = 0.5
TIMEOUT_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 900.0
PATIENCE_S = 3 * 24 * 3600.0
"""An alert that could not be brought for so long is given up."""
AT_ONCE = 8
GRACE_S = 1.5
"""What pushes under way may take when the watch stops; one that is cut is brought again at the next start."""


class Courier(threading.Thread):
    """Brings what is due, in threads; one at a time to an address."""

    def __init__(self, store: Store, sender: str) -> None:
        super().__init__(name="courier", daemon=True)
        self.store, self.sender = store, sender
        self.over = threading.Event()
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._free = threading.Semaphore(AT_ONCE)

    def run(self) -> None:
        """Go on until stopped."""
        while not self.over.wait(LOOK_S):
            try:
                rows = self._due()
            except OverflightError as problem:
                log.warning("%s", problem)
                continue
            for row in rows:
                self._begin(row)
        until = time.monotonic() + GRACE_S
        while self._busy and time.monotonic() < until:
            time.sleep(0.02)

    def _begin(self, row: sa.Row[Any]) -> None:
        """Bring an alert in a thread of its own, which does not keep the process from its end."""
        while not self._free.acquire(timeout=LOOK_S):
            if self.over.is_set():
                break
        if self.over.is_set():
            with self._lock:
                self._busy.discard(row.address)
            return
        threading.Thread(target=self._bring, args=(row,), name="push", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self.over.set()

    def _due(self) -> list[sa.Row[Any]]:
        """Return what is to be brought now, one for an address."""
        rows = sa.select(OUTBOX, ALERTS.c.body, ALERTS.c.made_at).join(ALERTS, ALERTS.c.id == OUTBOX.c.alert)
        rows = rows.where(OUTBOX.c.state == WAITING, OUTBOX.c.due <= time.time()).order_by(ALERTS.c.number)
        with self.store.reading() as connection:
            found = connection.execute(rows.limit(200)).all()
        chosen = []
        with self._lock:
            for row in found:
                if row.address not in self._busy:
                    self._busy.add(row.address)
                    chosen.append(row)
        return chosen

    def _bring(self, row: sa.Row[Any]) -> None:
        try:
            said = ""
            try:
                push(row.address, row.alert, row.body, self.sender)
            except (OverflightError, OSError, httpx.HTTPError, smtplib.SMTPException, ValueError) as problem:
                said = one_line(str(problem) or type(problem).__name__, 200)
            except Exception as problem:
                log.exception("push")
                said = type(problem).__name__
            self._note(row, said)
        except OverflightError as problem:  # the store does not answer: it is brought again
            log.warning("%s", problem)
        finally:
            self._free.release()
            with self._lock:
                self._busy.discard(row.address)

    def _note(self, row: sa.Row[Any], said: str) -> None:
        """Write down what came of it."""
        now, state, due = time.time(), SENT, row.due
        if said:
            state = GIVEN_UP if now - row.made_at > PATIENCE_S else WAITING
            due = now + min(FIRST_PAUSE_S * 2.0 ** min(row.tries, 20), LONGEST_PAUSE_S)
            log.warning("alert %s to %s: %s", row.alert, without_secrets(row.address), said)
        mine = (OUTBOX.c.alert == row.alert) & (OUTBOX.c.target == row.target)
        with self.store.writing() as connection:
            connection.execute(
                sa.update(OUTBOX).where(mine).values(state=state, tries=row.tries + 1, due=due, said=said)
            )


def push(address: str, alert: str, body: str, sender: str) -> None:
    """Bring an alert to an address; it has been taken when this returns.

    Raises
    ------
    Unavailable
        It was not taken. So do the errors of the libraries that bring it say.
    """
    scheme = urlsplit(address).scheme
    if scheme in ("http", "https"):
        _webhook(address, alert, body)
    elif scheme in ("smtp", "smtps"):
        _mail(address, alert, body, sender)
    else:
        _mqtt(address, body)


def _webhook(address: str, alert: str, body: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": alert, "User-Agent": f"overflight/{__version__}"}
    parts = urlsplit(address)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    answer = httpx.post(address, content=body.encode(), headers=headers, timeout=TIMEOUT_S, auth=auth)
    if answer.status_code == httpx.codes.CONFLICT:  # it was taken before
        return
    if not answer.is_success:
        raise Unavailable(f"answered {answer.status_code}")


def _mail(address: str, alert: str, body: str, sender: str) -> None:
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    told = msgspec.json.decode(body)
    letter = EmailMessage()
    letter["Subject"] = one_line(f"{told['rule_name']}: {told['balloon']}, {told['name']}", 150)
    letter["From"] = asked.get("from", [f"{sender}@localhost"])[0]
    letter["To"] = ", ".join(asked.get("to", []))
    letter["Message-ID"] = f"<{alert}@overflight>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text_of(told))
    host, port = parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 25)
    context = ssl.create_default_context()
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    options: dict[str, Any] = {"context": context} if parts.scheme == "smtps" else {}
    with kind(host, port, timeout=TIMEOUT_S, **options) as server:
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)


def text_of(told: dict[str, Any]) -> str:
    """Write an alert as a plain text."""
    high = "altitude not known" if told["altitude_m"] is None else f"altitude {told['altitude_m']:.0f} m"
    known = told["known_launch"] or f"no known launch ({told['match']})"
    lines = [
        one_line(told["sentence"]), "",
        one_line(f"Balloon: {told['balloon']}; {known}"),
        f"Seen: {told['seen_at']} at {told['lat']:.4f}, {told['lon']:.4f}, {high}",
        f"Forecast by: {told['basis']}",
        one_line(f"Rule: {told['rule_name']} ({told['rule']})"), f"Alert: {told['alert']}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _mqtt(address: str, body: str) -> None:
    try:
        from paho.mqtt import client as paho  # noqa: PLC0415 - an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
    except ImportError:
        raise InvalidInput("live", "no paho-mqtt", "it installed", hint="pip install 'overflight[live]'") from None
    parts = urlsplit(address)
    secure, web = parts.scheme in ("mqtts", "wss"), parts.scheme in ("ws", "wss")
    ports = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
    client = paho.Client(CallbackAPIVersion.VERSION2, transport="websockets" if web else "tcp")
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if secure:
        client.tls_set_context(ssl.create_default_context())
    client.connect_timeout = TIMEOUT_S
    client.connect(parts.hostname or "", parts.port or ports[parts.scheme], keepalive=60)
    client.loop_start()
    try:
        sent = client.publish(unquote(parts.path.lstrip("/")), body, qos=1)
        sent.wait_for_publish(TIMEOUT_S)
        if not sent.is_published():
            raise Unavailable("the broker did not acknowledge it")
    finally:
        client.disconnect()
        client.loop_stop()
