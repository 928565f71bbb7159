"""Made-up answers in the shapes of the service: no balloon, job or case here is real. Only the countries are."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOSTILE = "<img src=x onerror=\"document.title='broken in'\">"
"""A name that would run where it were taken for markup."""
START = datetime(2023, 2, 1, tzinfo=UTC).timestamp()
HOUR = 3600.0
MEMBERS, HOURS = 60, 48
STAGES = ("track", "drift test", "hindcast", "forecast", "origin", "ledger", "files", "report")


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def collection(features: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, **more}


def feature(shape: str, coordinates: Any, /, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": shape, "coordinates": coordinates}}


def write_regions(path: Path, tolerance: float) -> None:
    """Write the shipped regions, and one made-up FIR, as the service gives them."""
    import shapely

    from overflight.airspace import countries
    from overflight.airspace.shapes import shapes

    kept = [region for region in countries().regions if region.kind != "territorial sea"]
    drawn = shapely.simplify(shapes(countries(), [region.id for region in kept]), tolerance)
    features = [
        {
            "type": "Feature",
            "properties": {"id": r.id, "name": r.name, "kind": r.kind, "administered_by": r.administered_by,
                           "claimed_by": list(r.claimed_by), "note": r.note, "disputed": r.is_disputed},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 0.001, mode="pointwise"))),
        }
        for r, shape in zip(kept, drawn, strict=True)
        if not shape.is_empty
    ]  # fmt: skip
    ring = [[-60, 40], [-35, 40], [-35, 55], [-60, 55], [-60, 40]]
    features.append(feature("Polygon", [ring], id="XXXX", name="Made-up FIR", kind="fir", disputed=False))
    path.write_text(json.dumps(collection(features), separators=(",", ":")))


def balloons(count: int, now: float) -> list[dict[str, Any]]:
    """Return balloons that drift east; the first has a hostile name, every seventh no known launch."""
    made = []
    for i in range(count):
        speed = 8 + (i * 7) % 25
        lon = (i * 137.508 + (now % 86_400) * speed / 80_000) % 360 - 180
        lat = math.degrees(math.asin(0.9 * (((i * 0.7549) % 1) * 2 - 1))) + math.sin(now / 600 + i)
        made.append({
            "balloon": HOSTILE if i == 0 else f"SYN-{i:04d}", "lon": round(lon, 5), "lat": round(lat, 5), "seen_at": iso(now),
            "altitude_m": 5000.0 + (i * 997) % 30000 + 10 * (now % 60), "vertical_speed_ms": round(5 * math.sin(i), 2),
            "speed_ms": float(speed), "track_deg": 70.0 + (i * 13) % 40, "known_launch": i % 7 != 0,
            "source": "synthetic", "radius_90_m": 1500.0,
        })  # fmt: skip
    return made


def live(count: int, now: float) -> dict[str, Any]:
    return collection([
        feature("Point", [one["lon"], one["lat"]], **{k: v for k, v in one.items() if k not in ("lon", "lat")})
        for one in balloons(count, now)
    ])  # fmt: skip


def ring(lon: float, lat: float, across: float, along: float) -> list[list[float]]:
    turns = [math.tau * (i % 36) / 36 for i in range(37)]
    return [
        [round(lon + along * math.cos(a) / math.cos(math.radians(lat)), 4), round(lat + across * math.sin(a), 4)]
        for a in turns
    ]


def detail(balloon: str, count: int, now: float) -> dict[str, Any] | None:
    one = next((b for b in balloons(count, now) if b["balloon"] == balloon), None)
    if one is None:
        return None
    lon, lat = one["lon"], one["lat"]
    path = [
        [iso(now - 600 * k), round(lon - 0.15 * k, 4), round(lat - 0.04 * k, 4), one["altitude_m"]]
        for k in range(30, -1, -1)
    ]
    cone = [
        feature("Polygon", [ring(lon + 0.9 * h, lat + 0.12 * h, k * (0.1 + 0.08 * h), k * (0.15 + 0.14 * h))], percent=round(100 * p), hours=h, time=iso(now + h * HOUR))
        for h in range(1, 25) for p, k in ((0.9, 1.0), (0.5, 0.5))
    ]  # fmt: skip
    ahead = [("CAN", "Canada", 0.83, 4), ("GRL", "Greenland", 0.41, 13), ("ISL", HOSTILE, 0.12, 20)]
    regions = [
        {"region": code, "name": name, "kind": "land", "disputed": False, "probability": p,
         "enters_at": {"p05": iso(now + 0.8 * h * HOUR), "p50": iso(now + h * HOUR), "p95": iso(now + 1.3 * h * HOUR)}}
        for code, name, p, h in ahead
    ]  # fmt: skip
    return {"balloon": balloon, "positions": path, "cone": collection(cone), "regions": regions}


def place(member: int, hour: float) -> tuple[float, float, float]:
    spread = (member - MEMBERS / 2) / MEMBERS
    grown = spread * (0.3 + abs(hour - 14) / 9)
    return (
        -128 + 1.35 * hour + 1.2 * grown,
        57 - 7 * math.sin(hour / 15) + 2.2 * grown * math.cos(member),
        18_000 + 900 * spread,
    )


def path_file(first: float, last: float) -> str:
    features = []
    for m in range(MEMBERS):
        hours = [first + (last - first) * i / 24 for i in range(25)]
        line = [[round(v, 5) for v in place(m, h)] for h in hours]
        features.append(
            feature("LineString", line, member=m, **{"from": iso(START + first * HOUR), "to": iso(START + last * HOUR)})
        )
    return json.dumps(collection(features))


def density_file(lon: float, lat: float) -> str:
    cells = []
    for i in range(-8, 9):
        for j in range(-8, 9):
            x, y = lon + (i + 0.5 * (j % 2)) * 0.62, lat + j * 0.3
            d = math.hypot((x - lon) / 2.2, y - lat)
            hexagon = [[x + 0.35 * math.sin(math.tau * k / 6), y + 0.2 * math.cos(math.tau * k / 6)] for k in range(7)]
            region = 0.5 if d < 0.7 else 0.9 if d < 1.3 else 0.99 if d < 1.9 else 1.0
            cells.append(
                feature("MultiPolygon", [[hexagon]], cell=f"{i}:{j}", probability=math.exp(-d * d), region=region)
            )
    return json.dumps(collection(cells, elsewhere=0.02))


def table(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def crossings() -> list[dict[str, Any]]:
    def row(code: str, name: str, p: float, enters: float, leaves: float) -> dict[str, Any]:
        times = {
            f"{what}_{q}": iso(START + (at + off) * HOUR)
            for what, at in (("entry", enters), ("exit", leaves))
            for q, off in (("q05", -1.5), ("q50", 0), ("q95", 1.5))
        }
        return {"id": code, "name": name, "kind": "land", "disputed": False, "members": int(p * MEMBERS), "probability": p,
                "probability_low": p - 0.05, "probability_high": min(1, p + 0.05), **times, "altitude_low_m": 17_400, "altitude_high_m": 18_600}  # fmt: skip

    return [
        row("CAN", "Canada", 1.0, 3, 17),
        row("USA", "United States of America", 0.93, 12, 41),
        row("MEX", HOSTILE, 0.08, 30, 36),
    ]


def track_table() -> str:
    rows = []
    for i in range(49):
        hour = 8 + i / 4
        lon, lat, altitude = place(MEMBERS // 2, hour)
        sd = 6 + 30 * math.sin(math.pi * ((i % 12) / 12))
        rows.append(
            {
                "time": iso(START + hour * HOUR),
                "lat": lat,
                "lon": lon,
                "cov_east": sd**2,
                "cov_north": sd**2,
                "cov_east_north": 0,
                "sd_km": sd,
                "altitude": altitude,
            }
        )
    return table(rows)


def sightings_table() -> str:
    rows = []
    for hour in (8, 11, 14, 17, 20):
        lon, lat, altitude = place(MEMBERS // 2, hour)
        rows.append(
            {
                "time": iso(START + hour * HOUR),
                "lat": round(lat, 3),
                "lon": round(lon, 3),
                "altitude_m": altitude,
                "object": HOSTILE,
            }
        )
    return table(rows)


def job_files() -> dict[str, tuple[str, str]]:
    """Return the files of a finished investigation: name, media type and text."""
    report = (
        "<!doctype html><html lang=en><title>Report</title><h1>Report of synthetic sightings</h1><p>Made up.</p></html>"
    )
    result = {"sentences": ["Synthetic: made up to test the page.", f"Seen by {HOSTILE}."]}
    return {
        "report.html": ("text/html", report), "track.csv": ("text/csv", track_table()), "ledger.csv": ("text/csv", table(crossings())),
        "hindcast.geojson": ("application/geo+json", path_file(0, 8)), "track.geojson": ("application/geo+json", path_file(8, 20)),
        "forecast.geojson": ("application/geo+json", path_file(20, HOURS)), "origin.geojson": ("application/geo+json", density_file(-128, 57)),
        "landing.geojson": ("application/geo+json", density_file(*place(MEMBERS // 2, HOURS)[:2])),
        "sightings.csv": ("text/csv", sightings_table()), "result.json": ("application/json", json.dumps(result)),
    }  # fmt: skip


def case() -> dict[str, Any]:
    def record(number: int, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "number": number,
            "kind": kind,
            "made_at": iso(START + number * HOUR),
            "author": "north",
            "label": "",
            "body": body,
        }

    def bearing(direction: str, strength: str, finding: str, sentence: str) -> dict[str, Any]:
        return {
            "record": 3,
            "finding": finding,
            "direction": direction,
            "strength": strength,
            "probability": [0.9, 0.99],
            "sentence": sentence,
        }

    claims = [
        {"record": 4, "claim": {"party": "north", "subject": "passed-over"}, "outcome": "supported",
         "sentence": "north says that it passed over Canada: the findings support it.",
         "bearings": [bearing("supports", "strongly", "ledger", "All 60 members crossed Canada.")]},
        {"record": 5, "claim": {"party": HOSTILE, "subject": "was-drifting"}, "outcome": "contradicted",
         "sentence": f"{HOSTILE} says that it was drifting with the wind: the findings contradict it.",
         "bearings": [bearing("contradicts", "moderately", "drift_test", "Drift is excluded at 95 %.")]},
        {"record": 6, "claim": {"party": "south", "subject": "was-civil"}, "outcome": "untestable",
         "sentence": "south says that it was civil: not testable by this tool.", "bearings": []},
    ]  # fmt: skip
    records = [
        record(1, "opening", {"title": "Synthetic case"}), record(2, "statement", {"text": HOSTILE}),
        record(3, "finding", {"name": "ledger", "result": {"members": MEMBERS, "crossings": crossings()}}),
    ]  # fmt: skip
    return {
        "case": "synthetic",
        "title": "Synthetic case, made up for a test",
        "records": len(records),
        "list": records,
        "claims": claims,
        "parties": ["north", "south"],
    }


def now() -> float:
    return time.time()
