"""What a study says, as tables: coverage and scores, false alarms, power, origins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from validation import judges, scores
from validation.strata import ALL, POWER_HOURS, POWER_SPEEDS_MS, POWER_STRATA, STRATA

Row = dict[str, Any]
Found = dict[tuple[str, str, str], list[Row]]
POWERED = "needs horizontal air-relative speed"
NOT_ENOUGH = "not enough data"
WHERE = {"track": "Track, at a held-out hour", "forecast": "Forecast, 24 h after the last sighting"}
Table = tuple[str, Sequence[str], list[list[str]]]
"""Title, header, rows."""


def tables(found: Found) -> list[Table]:
    """Return every table for which the study holds rows."""
    where = [f(found, part) for part in WHERE for f in (coverage, track_scores)]
    drift = [f(found) for f in (false_alarms, powered, misfit, enough, power)]
    made = [*where, *drift, origins(found), identities(found)]
    return [t for t in made if t[2]]


def markdown(table: Table) -> str:
    """Return a table as Markdown under its title."""
    title, header, rows = table
    lines = [header, ["---"] * len(header), *rows]
    return f"**{title}**\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def sound(rows: Sequence[Row]) -> list[Row]:
    """Leave out cases that overflight refused."""
    return [r for r in rows if "error" not in r]


def everywhere(found: Found, part: str, variant: str) -> list[Row]:
    """Return the cases of all strata together."""
    return [r for s in STRATA for r in sound(found.get((part, s.name, variant), []))]


def share(hits: int, n: int) -> str:
    """Return a share with its exact 95 % interval, in per cent."""
    low, high = scores.clopper_pearson(hits, n)
    return f"{100 * hits / n:.2f} ({100 * low:.2f}-{100 * high:.2f})"


def _by_stratum(found: Found, part: str, cells: Callable[[list[Row]], list[str]], *, variant: str = "passive"
) -> list[list[str]]:  # fmt: skip
    """One row a stratum, and one for all of them together."""
    out, every = [], []
    for s in STRATA:
        rows = found.get((part, s.name, variant), [])
        if sound(rows):
            out.append([s.name, str(len(rows)), *cells(sound(rows))])
            every += sound(rows)
    if len(out) > 1:
        out.append(["all", str(len(every)), *cells(every)])
    return out


def coverage(found: Found, part: str = "track") -> Table:
    """Tell the coverage of the ellipses of tracks or forecasts."""

    def cells(rows: list[Row]) -> list[str]:
        rank = np.array([r["rank"] for r in rows])
        held = [share(int(np.count_nonzero(rank < level)), rank.size) for level in (0.5, 0.9, 0.95)]
        altitude = np.array([r["altitude_rank"] for r in rows])
        inside = share(int(np.count_nonzero((altitude > 0.05) & (altitude < 0.95))), rank.size)
        return [*held, inside, f"{scores.uniformity(rank):.2g}"]

    header = ["stratum", "cases", "in 50 % [%]", "in 90 % [%]", "in 95 % [%]", "altitude in 90 % [%]", "KS p of ranks"]
    return f"{WHERE[part]}: coverage of the true place", header, _by_stratum(found, part, cells)


def track_scores(found: Found, part: str = "track") -> Table:
    """Tell errors and scores of tracks or forecasts."""

    def cells(rows: list[Row]) -> list[str]:
        def mean(name: str) -> float:
            return float(np.mean([r[name] for r in rows]))

        error, area = (float(np.median([r[n] for r in rows])) for n in ("error_km", "area_90_km2"))
        wide = _spread_skill(rows)
        crps = 0.5 * (mean("crps_east_km") + mean("crps_north_km"))
        return [f"{error:.1f}", f"{area:,.0f}", f"{wide:.2f}", f"{mean('energy_km'):.1f}", f"{crps:.1f}",
                f"{mean('log_score'):.2f}", f"{mean('altitude_crps_m'):.0f}"]  # fmt: skip

    header = ["stratum", "cases", "median error [km]", "median 90 % area [km2]", "rms error / spread",
              "energy score [km]", "CRPS [km]", "log score", "altitude CRPS [m]"]  # fmt: skip
    return f"{WHERE[part]}: error and scores", header, _by_stratum(found, part, cells)


def _spread_skill(rows: Sequence[Row]) -> float:
    """Root mean square of error over what the spread promises; 1 where they agree."""
    error, sd = (np.array([r[n] for r in rows]) for n in ("error_km", "sd_km"))
    return float(np.sqrt(np.mean(error**2) / np.mean(2.0 * sd**2)))


def false_alarms(found: Found) -> Table:
    """Count passive flights whose p-value falls below a level."""

    def cells(rows: list[Row]) -> list[str]:
        out = []
        for name in ("p_value", "p_value_powered"):
            p = np.array([r[name] for r in rows if name in r])
            out += [share(int(np.count_nonzero(p <= a)), p.size) if p.size else "-" for a in (0.01, 0.05)]
        return [*out, f"{scores.uniformity([r['p_value'] for r in rows]):.2g}"]

    header = ["stratum", "cases", "p at 1 % [%]", "p at 5 % [%]", "powered p at 1 % [%]", "powered p at 5 % [%]",
              "KS p"]  # fmt: skip
    return "Drift test: false alarms of passive flights", header, _by_stratum(found, "drift", cells)


def powered(found: Found) -> Table:
    """Count what is called powered, by variant, over all strata."""
    out = []
    for variant in sorted({v for part, s, v in found if part == "verdict" and s in {x.name for x in STRATA}}):
        rows = everywhere(found, "verdict", variant)
        called = [sum(r["verdict"] == v for r in rows) for v in (POWERED, NOT_ENOUGH)]
        worst = max(
            (
                (np.mean([r["verdict"] == POWERED for r in some]), s.name)
                for s in STRATA
                if (some := sound(found.get(("verdict", s.name, variant), [])))
            ),
            default=(0.0, "-"),
        )
        out.append([variant, str(len(rows)), *(share(c, len(rows)) for c in called),
                    f"{100 * worst[0]:.2f} {worst[1]}"])  # fmt: skip
    header = ["truth", "cases", "called powered [%]", "not enough data [%]", "most in a stratum [%]"]
    return "Drift test: verdicts by what happened, all strata", header, out


def misfit(found: Found) -> Table:
    """Count false alarms where truth is not what the judge believes, all strata."""
    out = []
    for variant in sorted({v for part, s, v in found if part == "drift" and s in {x.name for x in STRATA}}):
        rows = everywhere(found, "drift", variant)
        cells = []
        for name in ("p_value", "p_value_powered"):
            p = np.array([r[name] for r in rows if name in r])
            cells += [share(int(np.count_nonzero(p <= a)), p.size) if p.size else "-" for a in (0.01, 0.05)]
        out.append([variant, str(len(rows)), *cells])
    header = ["truth", "cases", "p at 1 % [%]", "p at 5 % [%]", "powered p at 1 % [%]", "powered p at 5 % [%]"]
    return "Drift test: rejections by what happened, all strata", header, out


def enough(found: Found) -> Table:
    """Count where "not enough data" is said where the power at 5 m/s is below one half, over all variants."""
    rows = [r for (part, _, _), some in found.items() if part == "verdict" for r in sound(some)]
    if not rows:
        return "", [], []
    low = [r for r in rows if r["power_5"] < 0.5]
    high = [r for r in rows if r["power_5"] >= 0.5]
    out = [
        [name, str(len(some)), str(sum(r["verdict"] == NOT_ENOUGH for r in some))]
        for name, some in (("power below 0.5", low), ("power 0.5 or more", high))
    ]
    return 'Drift test: "not enough data" by the power told', ["", "cases", "not enough data"], out


def power(found: Found) -> Table:
    """Count flights under power that are rejected at 1 %, by speed and hours."""
    out = []
    for climate in dict.fromkeys((s.latitude, s.level) for s in POWER_STRATA):
        for hours in POWER_HOURS:
            s = next(x for x in POWER_STRATA if (x.latitude, x.level, x.hours) == (*climate, hours))
            cells = [_rejected(found.get(("drift", s.name, f"powered-{w:g}"), [])) for w in POWER_SPEEDS_MS]
            if any(c != "-" for c in cells):
                out.append([f"{climate[0]}, {climate[1]}", str(hours), *cells])
    header = ["", "hours", *(f"{w:g} m/s" for w in POWER_SPEEDS_MS)]
    return "Drift test: noticed at 1 % by air-relative speed and hours [%], 6 sightings", header, out


def _rejected(rows: Sequence[Row]) -> str:
    name = "p_value_powered" if any("p_value_powered" in r for r in rows) else "p_value"
    p = np.array([r[name] for r in sound(rows)])
    return f"{100 * np.mean(p <= 0.01):.0f}" if p.size else "-"


def power_reliability(found: Found) -> list[tuple[float, float, int]]:
    """Return how often a motor of 5 m/s was noticed at 1 %, by the power that the test itself told."""
    rows = [r for s in ALL for r in sound(found.get(("verdict", s, "powered-5"), []))]
    if not rows:
        return []
    return scores.reliability([r["power_5"] for r in rows], [r["p_value_powered"] <= 0.01 for r in rows])


def origins(found: Found) -> Table:
    """Tell coverage and sharpness of the map of launches."""

    def cells(rows: list[Row]) -> list[str]:
        level, cell = (np.array([r[n] for r in rows]) for n in ("level", "cell"))
        held = []
        for k, a in enumerate(judges.REGIONS):
            told = 100.0 * np.mean([r["held"][k] for r in rows])
            held.append(f"{share(int(np.count_nonzero(level < a)), level.size)}; {told:.1f}")
        even = level + cell * np.array([r["share"] for r in rows])
        held += [share(int(np.count_nonzero(even < a)), level.size) for a in judges.REGIONS[:2]]
        sites = [r for r in rows if r["from_site"]]
        scored = [r["log_score"] for r in rows if r["log_score"] is not None]
        in_time = f"{100 * np.mean([r['in_time_90'] for r in rows]):.0f}"
        top = [f"{100 * np.mean([r['rank'] <= k for r in sites]):.0f}" if sites else "-" for k in (1, 5)]
        area = np.median([r["area_90_km2"] for r in rows])
        far = np.median([r["mode_error_km"] for r in rows])
        return [*held, f"{area / 1e3:,.0f}", f"{far:,.0f}", *top, in_time, f"{np.mean(scored):.1f}" if scored else "-"]

    header = ["stratum", "cases", *(f"in {100 * a:g} % region [%]; region holds" for a in judges.REGIONS),
              "in even 50 % [%]", "in even 90 % [%]", "median 90 % area [1000 km2]", "mode off [km]",
              "site first [%]", "site in 5 [%]", "time in 90 % [%]", "log score"]  # fmt: skip
    return "Origin: the true place of launch", header, _by_stratum(found, "origin", cells)


def identities(found: Found) -> Table:
    """Tell how well stated probabilities hold over simulated skies, and what is named wrongly."""
    rows = sound(found.get(("identify", "sky", "passive"), []))
    if not rows:
        return "", [], []
    said = [pair for r in rows for pair in r["said"]]
    out = [
        [f"stated {told:.2f}", str(n), f"{happened:.2f}"]
        for told, happened, n in scores.reliability([p for p, _ in said], [right for _, right in said])
    ]
    named = [r for r in rows if r["grade"] == "identified"]
    listed = [r for r in rows if r["is_listed"]]
    unlisted = [r for r in rows if not r["is_listed"]]
    out += [
        ["objects", str(len(rows)), ""],
        ["identified, share that is wrong", str(len(named)), _mean([not r["is_right"] for r in named])],
        ["listed: truth first", str(len(listed)), _mean([r["rank"] == 1 for r in listed])],
        ["unlisted: none of these first", str(len(unlisted)), _mean([r["is_right"] for r in unlisted])],
        ["log score of the truth", str(len(rows)), _mean([-np.log(max(r["p_truth"], 1e-6)) for r in rows])],
    ]
    return "Identify: simulated skies of 2,000 launches a day", ["", "number", "share that is true, or score"], out


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}" if len(values) else "-"
