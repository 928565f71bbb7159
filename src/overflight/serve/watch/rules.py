"""Rules: about which balloon and region one wants to be told, and whereto."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from overflight.airspace.regions import HIGH_SEAS
from overflight.errors import InvalidInput, one_line

ANY = "*"
"""In place of a region: all that are known, the high seas left out."""
SCHEMES = ("http", "https", "smtp", "smtps", "mqtt", "mqtts", "ws", "wss")
CAP = "cap"
"""In place of an address: the feed of CAP messages that the service itself offers."""
MOST_REGIONS, MOST_PUSHES, LONGEST = 500, 16, 1_000


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule.

    Attributes
    ----------
    name : str.
    regions : ids of regions, or ``*`` for any.
    probability : of entry within the forecast, from which one is told.
    min_altitude_m : only balloons at or above it; None for all, those of unknown altitude too. [m]
    only_unmatched : only balloons that are matched to no known launch.
    quiet_h : how long nothing more is told of the same balloon and region. [h]
    push : whereto: ``https://``, ``smtp://user:password@host:port/?to=a@b.c&from=d@e.f``, ``mqtt://host/topic``,
        ``cap``; alerts are listed and sent to open maps in any case.
    """

    name: str
    regions: tuple[str, ...]
    probability: float = 0.3
    min_altitude_m: float | None = None
    only_unmatched: bool = False
    quiet_h: float = 24.0
    push: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What it is called by: the same rule has the same id."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return the rule as it is shown: addresses without what may be secret in them."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return {"rule": self.id} | body | {"push": [without_secrets(one) for one in self.push]}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule asks of a balloon: its altitude [m], and "matched", "unmatched" or "pending"."""

    altitude_m: float | None
    match: str


def rule_of(data: bytes | str, known: Collection[str] | None = None) -> Rule:
    """Read a rule from JSON; ``known`` are the ids of the regions there are.

    Raises
    ------
    InvalidInput
        It is no rule.
    """
    try:
        rule = msgspec.json.decode(data, type=Rule)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidInput(
            "rule", one_line(str(problem), 160), f"JSON with {', '.join(Rule.__struct_fields__)}"
        ) from None
    _require(bool(one_line(rule.name)) and len(rule.name) <= 120, "name", repr(rule.name[:40]), "1 to 120 characters")
    _require(0 < len(rule.regions) <= MOST_REGIONS, "regions", f"{len(rule.regions)}", f"1 to {MOST_REGIONS}, or *")
    _require(0.0 < rule.probability <= 1.0, "probability", f"{rule.probability:g}", "above 0, at most 1")
    low = rule.min_altitude_m
    _require(low is None or -430.0 <= low <= 60_000.0, "min_altitude_m", f"{low}", "-430 to 60000, or null")
    _require(1 / 60 <= rule.quiet_h <= 8_760.0, "quiet_h", f"{rule.quiet_h:g}", "a minute (0.0167) to a year (8760)")
    _require(len(rule.push) <= MOST_PUSHES, "push", f"{len(rule.push)} addresses", f"at most {MOST_PUSHES}")
    for region in rule.regions:
        if region != ANY and known is not None and region not in known:
            raise InvalidInput("regions", repr(region[:40]), "ids of regions, as CAN", hint="/api/regions lists them")
    for address in rule.push:
        require_address(address)
    return rule


def _require(good: bool, field: str, got: str, expected: str) -> None:
    if not good:
        raise InvalidInput(field, got, expected)


def require_address(address: str) -> None:
    """Refuse what nothing can be pushed to."""
    if address == CAP:
        return
    expected = f"cap, or an address of {', '.join(SCHEMES)}"
    shown = one_line(without_secrets(address), 80)
    try:
        parts = urlsplit(address)
        good = bool(parts.hostname) and parts.scheme in SCHEMES and (parts.port or 1) > 0
    except ValueError:
        raise InvalidInput("push", shown, expected) from None
    if not good or len(address) > LONGEST or not address.isprintable() or " " in address:
        raise InvalidInput("push", shown, expected)
    if parts.scheme.startswith("smtp") and "to=" not in parts.query:
        raise InvalidInput("push", shown, "smtp://host:port/?to=somebody@example.org&from=...")
    if parts.scheme in ("mqtt", "mqtts", "ws", "wss") and not parts.path.strip("/"):
        raise InvalidInput("push", shown, "mqtt://host:port/topic")


def without_secrets(address: str) -> str:
    """Return an address without user, password, path and query: each may hold a secret."""
    if address == CAP:
        return address
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address"
    more = "/..." if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{more}"


def fires(rule: Rule, facts: Facts, region: str, probability: float) -> bool:
    """Say whether a rule tells of a balloon and a region that it enters with a probability."""
    is_asked = region in rule.regions or (ANY in rule.regions and region != HIGH_SEAS)
    if probability < rule.probability or not is_asked:
        return False
    if rule.only_unmatched and facts.match != "unmatched":
        return False
    low = rule.min_altitude_m
    return low is None or (facts.altitude_m is not None and facts.altitude_m >= low)


def alert_id(rule: str, balloon: str, region: str, repeat: int) -> str:
    """Return the id of an alert: of the same rule, balloon, region and repetition it is the same."""
    said = msgspec.json.encode([rule, balloon, region, repeat])
    return hashlib.sha256(b"overflight alert\n" + said).hexdigest()[:32]
