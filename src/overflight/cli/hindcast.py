"""``overflight hindcast``."""

from __future__ import annotations

from overflight.cli.run import Asked, run_float


def hindcast(*, asked: Asked) -> None:
    """Follow a balloon back in time."""
    run_float(asked, -asked.hours)
