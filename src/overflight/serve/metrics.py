"""What Prometheus reads: counts and times of requests, predictions, streams and jobs, in its text form."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import defaultdict
from threading import Lock

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters of one process; each process of several answers for itself, by its label ``process``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[str, Labels], float] = defaultdict(float)
        self._times: dict[str, list[float]] = {}
        self.streams = 0

    def count(self, name: str, by: float = 1.0, **labels: str) -> None:
        """Count up."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += by

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        with self._lock:
            labels = (("method", method), ("route", route), ("status", str(status)))
            self._counts["overflight_requests_total", labels] += 1.0
            times = self._times.setdefault(route, [0.0] * (len(BOUNDS_S) + 2))
            times[bisect_left(BOUNDS_S, seconds)] += 1.0
            times[-1] += seconds

    def text(self, jobs: dict[str, int], figures: dict[str, float] | None = None) -> str:
        """Return everything in the text form.

        Parameters
        ----------
        jobs : how many are in each state.
        figures : of the watch, by name.
        """
        own = (("process", str(os.getpid())),)
        lines = []
        with self._lock:
            for (name, labels), value in sorted(self._counts.items()):
                lines.append(_line(name, (*labels, *own), value))
            for route, times in sorted(self._times.items()):
                lines += _histogram(route, times, own)
        lines.append(_line("overflight_streams", own, self.streams))
        lines += [_line("overflight_jobs", (("status", status),), count) for status, count in sorted(jobs.items())]
        for name, value in sorted((figures or {}).items()):
            lines.append(_line(f"overflight_watch_{re.sub('[^a-z0-9]+', '_', name.lower())}", own, value))
        return _with_types(lines)


def _histogram(route: str, times: list[float], own: Labels) -> list[str]:
    name, labels, total = "overflight_request_seconds", (("route", route), *own), 0.0
    lines = []
    for bound, count in zip((*BOUNDS_S, float("inf")), times, strict=False):
        total += count
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        lines.append(_line(f"{name}_bucket", (*labels, ("le", le)), total))
    return [*lines, _line(f"{name}_sum", labels, times[-1]), _line(f"{name}_count", labels, total)]


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{inside}}} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _with_types(lines: list[str]) -> str:
    """Put the type of each family before its first line."""
    said, out = set[str](), []
    for line in lines:
        name = line.partition("{")[0]
        family = name if name.endswith("_total") else name.removesuffix("_bucket").removesuffix("_sum")
        family = family.removesuffix("_count") if family.endswith("seconds_count") else family
        if family not in said:
            said.add(family)
            kind = "counter" if family.endswith("_total") else "histogram" if family.endswith("_seconds") else "gauge"
            out.append(f"# TYPE {family} {kind}")
        out.append(line)
    return "\n".join(out) + "\n"
