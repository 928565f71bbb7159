"""``overflight watch``: follow alerts of a server in the terminal; list, add and remove its rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from overflight.cli.options import Json, counted, measured
from overflight.cli.screen import remark, say, say_json, settle
from overflight.errors import InvalidInput, OverflightError, Unavailable, one_line

if TYPE_CHECKING:
    import httpx

Server = Annotated[str, Parameter(help="Address of the server, as `overflight serve` tells it.")]
HERE = "http://127.0.0.1:8700"
TIMEOUT_S = 30.0


def watch(
    *,
    server: Server = HERE,
    after: Annotated[int, counted("Begin after the alert of this number; else those to come.", 0, 2**62)] = 0,
    count: Annotated[int | None, counted("End after so many alerts.", 1, 10**9)] = None,
    json: Json = False,
) -> None:
    """Follow the alerts of a server: what is likely to pass over where, and when."""
    for told, alert in enumerate(_alerts(server, after), start=1):
        say_json(alert) if json else say(line(alert))
        if told == count:
            return


def rules_(*, server: Server = HERE, json: Json = False) -> None:
    """List the rules of a server."""
    found = _asked(server, "GET", "/api/rules")
    if json:
        say_json(found)
        return
    say("\n".join(rule_line(rule) for rule in found) or "no rules")


def add_(
    name: Annotated[str, Parameter(help="What the rule is called.")],
    regions: Annotated[list[str], Parameter(help="Ids of regions, as CAN, or * for any.")],
    *,
    probability: Annotated[float, measured("Of entry, from which one is told.", 0.001, 1.0, "")] = 0.3,
    min_altitude: Annotated[float | None, measured("Only balloons at or above it.", -430, 60_000, "m")] = None,
    only_unmatched: Annotated[
        bool, Parameter(negative="", help="Only balloons that are matched to no known launch.")
    ] = False,
    quiet: Annotated[float, measured("Hours in which nothing more is told of it.", 1 / 60, 8_760, "h")] = 24.0,
    push: Annotated[
        list[str] | None,
        Parameter(help="Whereto: https://..., smtp://host/?to=..., mqtt://host/topic, or cap; several times."),
    ] = None,
    server: Server = HERE,
    json: Json = False,
) -> None:
    """Add a rule to a server: about which balloons and regions to be told, and whereto."""
    rule = {"name": name, "regions": regions, "probability": probability, "min_altitude_m": min_altitude,
            "only_unmatched": only_unmatched, "quiet_h": quiet, "push": push or []}  # fmt: skip
    found = _asked(server, "POST", "/api/rules", rule)
    say_json(found) if json else say(rule_line(found))


def remove_(
    rule: Annotated[str, Parameter(help="Id of the rule, as the list shows it.")], *, server: Server = HERE
) -> None:
    """Remove a rule from a server; the alerts that it gave stay."""
    from urllib.parse import quote

    _asked(server, "DELETE", f"/api/rules/{quote(rule, safe='')}")
    say(f"removed: {one_line(rule, 40)}")


def line(alert: dict[str, Any]) -> str:
    """Say an alert in one line."""
    high = alert.get("altitude_m")
    about = "" if high is None else f"; {high:,.0f} m"
    return one_line(f"{alert['made_at']} {alert['rule_name']}: {alert['sentence']} [{alert['match']}{about}]")


def rule_line(rule: dict[str, Any]) -> str:
    """Say a rule in one line."""
    parts = [f"{rule['rule']} {rule['name']}: {', '.join(rule['regions'])} from {rule['probability']:g}"]
    if rule["min_altitude_m"] is not None:
        parts.append(f"above {rule['min_altitude_m']:g} m")
    parts += ["unmatched only"] * bool(rule["only_unmatched"])
    parts.append(f"again after {rule['quiet_h']:g} h")
    parts += [f"to {', '.join(rule['push'])}"] * bool(rule["push"])
    return one_line("; ".join(parts))


def _alerts(server: str, after: int) -> Any:
    """Yield alerts as they come, over breaks of the connection too."""
    import time

    import httpx
    import msgspec

    last, ever = f"-0-{after}" if after else "", False
    while True:
        try:
            with _client(server) as client:
                headers = {"Last-Event-ID": last} if last else {}
                wait = httpx.Timeout(TIMEOUT_S, read=60.0)
                with client.stream("GET", "/api/live/events", headers=headers, timeout=wait) as answer:
                    if not answer.is_success:
                        answer.read()
                        _answer(answer)
                    ever = True
                    for event, number, data in _events(answer):
                        last = number
                        if event == "alert":
                            yield msgspec.json.decode(data)
        except (httpx.HTTPError, Unavailable) as problem:
            if not ever:
                raise _unreachable(server, problem) from None
        remark("the connection broke; it is made again")
        settle()
        time.sleep(1.0)


def _events(answer: httpx.Response) -> Any:
    """Yield (event, id, data) of server-sent events."""
    fields: dict[str, str] = {}
    for text in answer.iter_lines():
        name, _, value = text.partition(": ")
        if text:
            fields[name] = value
            continue
        if "data" in fields:
            yield fields.get("event", ""), fields.get("id", ""), fields["data"]
        fields = {}


def _asked(server: str, method: str, path: str, body: Any = None) -> Any:
    """Ask a server, and return its answer."""
    import httpx

    try:
        with _client(server) as client:
            return _answer(client.request(method, path, json=body))
    except httpx.HTTPError as problem:
        raise _unreachable(server, problem) from None


def _client(server: str) -> httpx.Client:
    import httpx

    token = os.environ.get("OVERFLIGHT_TOKEN", "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return httpx.Client(base_url=server, headers=headers, timeout=TIMEOUT_S)
    except (httpx.InvalidURL, ValueError):
        raise InvalidInput("--server", repr(server[:80]), f"an address, as {HERE}") from None


def _answer(answer: httpx.Response) -> Any:
    """Return what a server answered.

    Raises
    ------
    InvalidInput
        It refused.
    Unavailable
        It cannot answer now.
    """
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        detail = one_line(str(answer.json()["detail"]))
    except (ValueError, KeyError, TypeError):
        detail = f"answered {answer.status_code}"
    if answer.status_code in (401, 403):
        raise InvalidInput("OVERFLIGHT_TOKEN", detail, "a token of the server", hint="overflight serve token")
    raise Unavailable(detail) if answer.status_code >= 500 else _Refused(detail)


class _Refused(OverflightError):
    """The server's own line."""

    exit_code = 2


def _unreachable(server: str, problem: Exception) -> Unavailable:
    told = str(problem) if isinstance(problem, Unavailable) else type(problem).__name__
    return Unavailable(f"--server: {one_line(server, 80)} cannot be reached ({told})")
