"""Alerts: what rules tell, once each, kept together with whereto they still have to be brought."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa

from overflight.geo.times import iso
from overflight.serve.watch.ahead import Entered
from overflight.serve.watch.fleet import Shown
from overflight.serve.watch.hub import Hub
from overflight.serve.watch.rules import CAP, Facts, Rule, alert_id, fires, rule_of
from overflight.serve.watch.store import ALERTS, OUTBOX, RULES, Store

HELD = 100_000
"""Of the last alerts, by rule, balloon and region, how many are held in memory; others are looked up."""
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A balloon that was looked at: as it is told, what it enters, by what forecast, and how to write it as CAP."""

    shown: Shown
    entered: Sequence[Entered]
    basis: str
    cap: Callable[[Entered, str, float], str]


class Alerts:
    """Rules, and the alerts that they gave."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self.store, self.hub = store, hub
        self._lock = threading.Lock()
        self._last: OrderedDict[Key, tuple[int, float]] = OrderedDict()
        with store.reading() as connection:
            rows = connection.execute(sa.select(RULES).order_by(RULES.c.made_at)).all()
            last = connection.execute(sa.select(sa.func.max(ALERTS.c.number))).scalar()
        self.rules: dict[str, Rule] = {row.id: rule_of(row.body) for row in rows}
        hub.begin_at(int(last or 0))

    def add(self, rule: Rule) -> bool:
        """Keep a rule; False where it is there already."""
        with self._lock:
            if rule.id in self.rules:
                return False
            body = msgspec.json.encode(rule).decode()
            with self.store.writing() as connection:
                connection.execute(sa.insert(RULES).values(id=rule.id, made_at=time.time(), body=body))
            self.rules = self.rules | {rule.id: rule}
            return True

    def remove(self, name: str) -> bool:
        """Let go of a rule; False where there is none. Alerts that it gave stay, and are brought."""
        with self._lock:
            if name not in self.rules:
                return False
            with self.store.writing() as connection:
                connection.execute(sa.delete(RULES).where(RULES.c.id == name))
            self.rules = {key: rule for key, rule in self.rules.items() if key != name}
            return True

    def consider(self, looked: Sequence[Looked]) -> int:
        """Hold balloons against all rules, keep the alerts that come of it, and tell them; return how many."""
        now, rules, found = time.time(), list(self.rules.values()), []
        for one in looked:
            facts = Facts(altitude_m=one.shown.altitude_m, match=one.shown.match)
            for entered in one.entered:
                found += [
                    (rule, one, entered) for rule in rules if fires(rule, facts, entered.region, entered.probability)
                ]
        if not found:
            return 0
        made = []
        with self._lock, self.store.writing() as connection:
            for rule, one, entered in found:
                alert = self._kept(connection, rule, one, entered, now)
                if alert is not None:
                    made.append(alert)
        for number, body in made:
            self.hub.publish("alert", body, alert=number)
        return len(made)

    def _kept(
        self, connection: sa.Connection, rule: Rule, one: Looked, entered: Entered, now: float
    ) -> tuple[int, dict[str, Any]] | None:
        """Keep an alert with its outbox; None where the same was told not long ago."""
        key = (rule.id, one.shown.balloon, entered.region)
        repeat, at = self._last_of(connection, key)
        if now - at < 3600.0 * rule.quiet_h:
            return None
        alert = alert_id(*key, repeat + 1)
        body = _body(alert, rule, one, entered, now)
        cap = one.cap(entered, alert, now) if CAP in rule.push else None
        row = sa.insert(ALERTS).values(id=alert, rule=key[0], balloon=key[1], region=key[2], repeat=repeat + 1,
                                       made_at=now, body=msgspec.json.encode(body).decode(), cap=cap)  # fmt: skip
        number = int(connection.execute(row).inserted_primary_key[0])  # type: ignore[index]
        for target, address in enumerate(rule.push):
            if address != CAP:
                connection.execute(sa.insert(OUTBOX).values(alert=alert, target=target, address=address,
                                                            state="waiting", tries=0, due=now, said=""))  # fmt: skip
        self._hold(key, (repeat + 1, now))
        return number, body

    def _last_of(self, connection: sa.Connection, key: Key) -> tuple[int, float]:
        """Return the last alert of a rule, balloon and region: its repetition, and when it was made."""
        held = self._last.get(key)
        if held is not None:
            return held
        rule, balloon, region = key
        mine = (ALERTS.c.rule == rule) & (ALERTS.c.balloon == balloon) & (ALERTS.c.region == region)
        rows = sa.select(ALERTS.c.repeat, ALERTS.c.made_at).where(mine).order_by(ALERTS.c.repeat.desc()).limit(1)
        row = connection.execute(rows).first()
        return self._hold(key, (0, -np.inf) if row is None else (row.repeat, row.made_at))

    def _hold(self, key: Key, value: tuple[int, float]) -> tuple[int, float]:
        self._last[key] = value
        self._last.move_to_end(key)
        while len(self._last) > HELD:
            self._last.popitem(last=False)
        return value

    def listed(
        self, *, after: int | None = None, limit: int = 100, balloon: str = "", rule: str = ""
    ) -> list[dict[str, Any]]:
        """Return alerts, the newest first, each with how far it was brought; or those after a number, oldest first."""
        rows = sa.select(ALERTS).where(ALERTS.c.number > (after or 0))
        rows = rows.where(ALERTS.c.balloon == balloon) if balloon else rows
        rows = rows.where(ALERTS.c.rule == rule) if rule else rows
        order = ALERTS.c.number.desc() if after is None else ALERTS.c.number.asc()
        with self.store.reading() as connection:
            found = connection.execute(rows.order_by(order).limit(limit)).all()
            ids = [row.id for row in found]
            pushes = connection.execute(
                sa.select(OUTBOX).where(OUTBOX.c.alert.in_(ids)).order_by(OUTBOX.c.target)
            ).all()
        states: dict[str, list[dict[str, Any]]] = {}
        for push in pushes:
            told = {"state": push.state, "tries": push.tries, "said": push.said}
            states.setdefault(push.alert, []).append(told)
        return [
            msgspec.json.decode(row.body) | {"number": row.number, "pushes": states.get(row.id, [])} for row in found
        ]

    def caps(self, limit: int = 100) -> list[tuple[str, float, str, dict[str, Any]]]:
        """Return the last CAP messages: id, time, XML, alert; the newest first."""
        rows = sa.select(ALERTS).where(ALERTS.c.cap.is_not(None)).order_by(ALERTS.c.number.desc()).limit(limit)
        with self.store.reading() as connection:
            found = connection.execute(rows).all()
        return [(row.id, row.made_at, row.cap, msgspec.json.decode(row.body)) for row in found]

    def cap(self, alert: str) -> str | None:
        """Return the CAP message of an alert."""
        with self.store.reading() as connection:
            return connection.execute(sa.select(ALERTS.c.cap).where(ALERTS.c.id == alert)).scalar()


def _body(alert: str, rule: Rule, one: Looked, entered: Entered, now: float) -> dict[str, Any]:
    """Return an alert as it is told: what is likely to pass over where and when."""
    shown, told = one.shown, entered.to_json()
    when = told["enters_at"]
    sentence = f"{shown.balloon} is over {entered.name} now."
    if not entered.inside:
        sentence = (f"{shown.balloon} is likely to pass over {entered.name}: probability {entered.probability:.2f}, "
                    f"entry between {when['p05']} and {when['p95']}.")  # fmt: skip
    return {
        "alert": alert, "rule": rule.id, "rule_name": rule.name, "balloon": shown.balloon, **told, "sentence": sentence,
        "basis": one.basis, "match": shown.match, "known_launch": shown.known_launch, "seen_at": shown.seen_at,
        "lon": shown.lon, "lat": shown.lat, "altitude_m": shown.altitude_m,
        "made_at": iso(np.datetime64(round(now), "s")),
    }  # fmt: skip
