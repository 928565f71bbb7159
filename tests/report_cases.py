"""Small synthetic cases for the tests of their report: records as an investigation writes them, and its files."""

import itertools
import json

import numpy as np
import xarray as xr

from overflight.case import export
from overflight.case.case_file import Case
from overflight.geo.density import Density

TIMES = [f"2023-01-01T{hour:02d}:00:00Z" for hour in (0, 6, 12)]
ABOUT = {"command": "overflight investigate s.csv --seed 1", "version": "0.1.0", "winds": "synthetic"}


def sighting(number):
    return {
        "time": TIMES[number], "time_sd_s": 60.0, "lat": 40.0 + number, "lon": 5.0 + 2.0 * number, "position_sd_m": 2000.0,
        "altitude": {"value_m": 16000.0, "sd_m": 300.0, "reference": "geometric"} if number else None,
        "note": "", "source": "synthetic",
    }  # fmt: skip


def samples(start_h, hours):
    generator = np.random.default_rng(abs(start_h))
    time = np.datetime64(TIMES[0].removesuffix("Z"), "ns") + np.arange(start_h, start_h + hours + 1) * np.timedelta64(
        1, "h"
    )
    along = (np.arange(start_h, start_h + hours + 1) / 6.0)[None, :] + 0.1 * generator.standard_normal((12, hours + 1))
    place = {"lat": 40.0 + along, "lon": 5.0 + 2.0 * along, "altitude": np.full(along.shape, 16000.0)}
    return xr.Dataset(
        {n: (("trajectory", "obs"), v.astype("f4")) for n, v in place.items()}, coords={"time": ("obs", time)}
    )


def mean_row(number):
    heights = {"altitude": 16000.0, "altitude_q05": 15000.0, "altitude_q50": 16000.0, "altitude_q95": 17000.0}
    return {"time": TIMES[number], "lat": 40.0 + number, "lon": 5.0 + 2.0 * number, "sd_km": 3.0 + number, **heights}


def track():
    fits = [{"time": TIMES[n], "lat": 40.0 + n, "lon": 5.0 + 2.0 * n, "index": n, "residual_km": 1.0 + n, "weight": 0.9,
             "altitude_weight": 1.0, "outlier_probability": 0.9 if n == 1 else 0.01} for n in range(3)]  # fmt: skip
    return {"kind": "winds", "level": {"altitude_m": [15000.0, 16000.0, 17000.0]}, "per_sighting": fits,
            "mean": [mean_row(n) for n in range(3)]}  # fmt: skip


def drift_test():
    return {
        "verdict": "needs horizontal air-relative speed", "level_is_reported": False, "p_value": 0.0004,
        "p_value_powered": 0.03, "band_m": [12000.0, 20000.0], "air_speed_upper_95_ms": None, "detail": None,
        "assumptions": ["Sightings err independently."], "limits": ["A slow error of the winds cannot be told."],
        "power": {"speeds_ms": [0.0, 5.0, 10.0], "hours": [12.0], "powered": [[0.01, 0.5, 0.9]], "not_drift": [0.0, 0.6, 1.0]},
    }  # fmt: skip


def crossing(name, kind, share, *, disputed=False):
    times = {f"{what}_{q}": f"2023-01-01T{hour:02d}:{minute}:00Z" for what, hour in (("entry", 3), ("exit", 9))
             for q, minute in (("q05", "00"), ("q50", "20"), ("q95", "40"))}  # fmt: skip
    return {"id": name, "name": name, "kind": kind, "administered_by": "AAA", "claimed_by": "AAA, BBB" if disputed else "",
            "note": "", "disputed": disputed, "members": round(100 * share), "probability": share,
            "probability_low": max(0.0, share - 0.05), "probability_high": min(1.0, share + 0.05), "hours_q50": 6.0, **times}  # fmt: skip


def ledger():
    rows = [crossing("high seas", "high seas", 1.0), crossing("Aland", "land", 0.9), crossing("Bland", "land", 0.2),
            crossing("Cland", "land", 0.7, disputed=True)]  # fmt: skip
    return {"members": 100, "regions": "synthetic", "point_of_view": "neutral", "crossings": rows}


def origin(density):
    areas = {f"area_{q}_km2": density.area_m2(q / 100) / 1e6 for q in (50, 90, 99)}
    site = {"name": "Site <One>", "kind": "radiosonde", "lat": 39.0, "lon": 3.0, "probability": 0.4, "odds": 1.0,
            "launch_time": "2022-12-31T22:00:00Z"}  # fmt: skip
    hours = ["2022-12-31T20:00:00Z", "2022-12-31T22:00:00Z", "2023-01-01T00:00:00Z"]
    windows = [{"from": a, "to": b, "probability": 0.5} for a, b in itertools.pairwise(hours)]
    return {"hours_back": 4.0, "launch_time": hours, "sites": [site], "windows": windows, **areas,
            "none_of_these": {"land": 0.5, "sea": 0.1, "elsewhere": 0.0}, "prior": {"weights": {"land": 0.6, "sea": 0.4}}}  # fmt: skip


def recovery():
    payload = {"class": "payload", "share": 1.0, "time": TIMES[2], "time_q05": TIMES[1], "time_q95": TIMES[2], "lat": 39.0,
               "lon": 3.0, "area_50_km2": 10.0, "area_90_km2": 40.0, "elsewhere": 0.0,
               "surface": {"land": 0.75, "sea": 0.25}}  # fmt: skip
    return {
        "event": "cut-down",
        "time": TIMES[2],
        "seed": 1,
        "members": 500,
        "winds": "synthetic",
        "classes": [payload],
    }


def density():
    rng = np.random.default_rng(3)
    return Density.from_points(39.0 + rng.normal(0, 0.4, 300), 3.0 + rng.normal(0, 0.4, 300), resolution=4)


def synthetic_case(
    folder, findings=("track", "drift_test", "ledger", "origin"), *, statement=None, title="Synthetic <case>"
):
    """Write a case of some findings; return its folder."""
    folder.mkdir()
    (folder / "s.csv").write_text("synthetic\n")
    case, found = Case.create(folder / "case", title=title), density()
    digest = case.add_evidence(folder / "s.csv", source="made up for a test")
    for number in range(3):
        case.append("sighting", sighting(number), inputs=(digest,))
    made = {
        "track": track,
        "drift_test": drift_test,
        "ledger": ledger,
        "origin": lambda: origin(found),
        "recovery": recovery,
    }
    for name in findings:
        body = {"name": name, "parameters": ABOUT, "result": made[name]()}
        body |= {"file": "recovery.geojson"} if name == "recovery" else {}
        case.append("finding", body, inputs=(digest, "ab" * 32))
    if "track" in findings:
        for name, data in (("track", samples(0, 12)), ("hindcast", samples(-4, 4)), ("forecast", samples(12, 6))):
            export.write(data, folder / f"{name}.nc")
            case.add_file(folder / f"{name}.nc")
    for name in {"origin", "recovery"} & set(findings):
        (folder / f"{name}.geojson").write_text(json.dumps(found.to_geojson()))
        case.add_file(folder / f"{name}.geojson")
    if statement:
        case.append("statement", statement)
    case.append("closing", {})
    case.close()
    return folder
