"""WSPR spots: tables of wspr.live and WSPRnet, with the telemetry of pico balloons in the second of two messages.

A spot is one receiver's hearing of one transmission. A transmission fills a slot of two minutes that begins on an even
minute, and names a cell of the Maidenhead grid. A tracker sends its telemetry in the slot after, on its own frequency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.sightings import u4b
from overflight.sightings.locator import cell, ellipse, mean_sd_m
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.sighting import Altitude, Problem, Sighting
from overflight.sightings.text_table import Row, instant, number, required, table, text_of

KIND = "wspr"
_SLOT = timedelta(minutes=2)
_SAME_LANE_HZ = 20.0
"""Two messages of one tracker lie nearer than this; channels are 40 Hz apart (traquito.github.io/pro/channels)."""
_ARCHIVE = ("spot_id", "time", "rx_sign", "rx_loc", "snr", "mhz", "tx_sign", "tx_loc", "power", "drift", "distance",
            "azimuth", "band", "version", "code")  # fmt: skip
"""Columns of WSPRnet's monthly archives, which have no header."""
_NEEDED = ("time", "tx_sign", "tx_loc", "power")


@dataclass(slots=True)
class _Sent:
    """A transmission: what one callsign sent in one slot, with the row that heard it first."""

    line: int
    slot: datetime
    callsign: str
    locator: str
    power_dbm: int
    hertz: list[float] = field(default_factory=list)
    heard_by: set[str] = field(default_factory=set)

    @property
    def frequency_hz(self) -> float:
        """Middle of what receivers measured."""
        return sorted(self.hertz)[len(self.hertz) // 2]


def parse(source: Source) -> Parsed:
    """Read a table of spots: one sighting a transmission, in its cell of 4 or 6 characters.

    Raises
    ------
    InvalidInput
        The file is no text, or a table without the columns.
    """
    problems: list[Problem] = []
    spots: Counter[str] = Counter()
    sent: dict[tuple[datetime, str, str, int], _Sent] = {}
    for line, row in _table(source):
        try:
            _hear(sent, _spot(line, row), row)
            spots["spots"] += 1
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{line}"))
    return _paired(source, list(sent.values()), problems, spots["spots"])


def _table(source: Source) -> Iterator[tuple[int, Row]]:
    text = text_of(source)
    first = next((line for line in text.splitlines() if line.strip()), "")
    cells = [cell.strip().strip('"') for cell in first.split(",")]
    if len(cells) == len(_ARCHIVE) and cells[0].isdigit() and cells[1].isdigit():
        return table(source, text, header=_ARCHIVE)
    names = {cell.lower() for cell in cells}
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        expected = f"columns {', '.join(_NEEDED)} ({', '.join(missing)} missing)"
        raise InvalidInput("header", ", ".join(map(repr, cells[:15])) or "nothing", expected, source.name)
    return table(source, text)


def _spot(line: int, row: Row) -> _Sent:
    when = instant(row.get("time", ""), naive_is_utc=True)
    slot = when.replace(minute=when.minute - when.minute % 2, second=0, microsecond=0)
    callsign = row.get("tx_sign", "").strip("<> ").upper()
    if not callsign:
        raise InvalidInput("tx_sign", "nothing", "a callsign")
    power = int(required(number(row, "power", -30.0, 90.0), "power", -30.0, 90.0))
    locator = row.get("tx_loc", "").upper()
    if not u4b.is_telemetry(callsign):
        cell(locator)
    return _Sent(line, slot, callsign, locator, power)


def _hear(sent: dict[tuple[datetime, str, str, int], _Sent], spot: _Sent, row: Row) -> None:
    megahertz = number(row, "mhz", 0.0, 1e5)
    hertz = number(row, "frequency", 0.0, 1e11) if megahertz is None else megahertz * 1e6
    one = sent.setdefault((spot.slot, spot.callsign, spot.locator, spot.power_dbm), spot)
    one.hertz.append(hertz or 0.0)
    one.heard_by.add(row.get("rx_sign", ""))


def _paired(source: Source, sent: list[_Sent], problems: list[Problem], spots: int) -> Parsed:
    """Give each telemetry message to the one transmission it can belong to, and make sightings."""
    others: Counter[str] = Counter()
    plain = [one for one in sent if not u4b.is_telemetry(one.callsign)]
    by_slot: dict[datetime, list[_Sent]] = {}
    for one in plain:
        by_slot.setdefault(one.slot, []).append(one)
    pairs: list[tuple[_Sent, u4b.Telemetry]] = []
    for one in sent:
        if u4b.is_telemetry(one.callsign):
            try:
                telemetry, why = _decoded(one)
            except InvalidInput as bad:
                problems.append(problem_of(bad, f"{source.name}:{one.line}"))
                continue
            owners = _owners(one, by_slot)
            if telemetry is not None and len(owners) == 1:
                pairs.append((owners[0], telemetry))
            else:
                others[why or f"telemetry of {'several transmissions' if owners else 'no one transmission'}"] += 1
    told = _of_own_channel(pairs, others)
    rows = sorted(((one.line, _sighting(one, told.get(id(one), []), source)) for one in plain), key=lambda row: row[0])
    others["further spots of a transmission"] = spots - len(sent)
    return Parsed(rows=rows, problems=problems, passed_over={why: n for why, n in others.items() if n})


def _of_own_channel(pairs: list[tuple[_Sent, u4b.Telemetry]], others: Counter[str]) -> dict[int, list[u4b.Telemetry]]:
    """Return telemetry by transmission; a balloon keeps its channel, so one heard once among others is another's."""
    heard: dict[str, Counter[str]] = {}
    for one, telemetry in pairs:
        heard.setdefault(one.callsign, Counter())[telemetry.channel] += 1
    told: dict[int, list[u4b.Telemetry]] = {}
    for one, telemetry in pairs:
        channels = heard[one.callsign]
        if len(channels) > 1 and channels[telemetry.channel] == 1 and max(channels.values()) > 1:
            others["telemetry of another channel"] += 1
        else:
            told.setdefault(id(one), []).append(telemetry)
    return told


def _decoded(one: _Sent) -> tuple[u4b.Telemetry | None, str]:
    telemetry = u4b.decode(one.callsign, one.locator, one.power_dbm)
    if telemetry is None:
        return None, "extended telemetry"
    return (telemetry, "") if telemetry.has_fix else (None, "telemetry without a fix")


def _owners(one: _Sent, by_slot: dict[datetime, list[_Sent]]) -> list[_Sent]:
    """Return the transmissions of the slot before on the same frequency, in a cell of 4 characters."""
    before = by_slot.get(one.slot - _SLOT, [])
    near = [b for b in before if abs(b.frequency_hz - one.frequency_hz) <= _SAME_LANE_HZ]
    return [b for b in near if len(b.locator) == 4]


def _sighting(one: _Sent, told: list[u4b.Telemetry], source: Source) -> Sighting:
    errors = source.defaults.of(KIND)
    # Two messages that both fit say that one is another balloon's: neither is believed.
    telemetry = told[0] if len(told) == 1 else None
    locator = one.locator + (telemetry.subsquare if telemetry else "")
    where = cell(locator)
    wide = ellipse(where)
    altitude = None
    note = f"locator {locator}, heard by {len(one.heard_by)}"
    if telemetry:
        sd = max(errors.altitude_sd_m, u4b.STEP_M)
        altitude = Altitude(value_m=telemetry.altitude_m, sd_m=sd, reference="geometric")
        note += (
            f" · {telemetry.temperature_c} C, {telemetry.voltage_v:.2f} V, {telemetry.speed_kn} kn, "
            f"channel {telemetry.channel}"
        )
    elif told:
        note += f" · {len(told)} telemetry messages contradict each other"
    return Sighting(
        time=one.slot,
        time_sd_s=errors.time_sd_s,
        lat=where.lat,
        lon=float(sphere.wrap(where.lon)),
        position_sd_m=mean_sd_m(wide),
        ellipse=wide,
        altitude=altitude,
        object_label=one.callsign,
        source=one.callsign,
        note=note,
        evidence_sha256=source.digest,
        kind=KIND,
    )
