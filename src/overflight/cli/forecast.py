"""``overflight forecast``."""

from __future__ import annotations

from overflight.cli.run import Asked, run_float


def forecast(*, asked: Asked) -> None:
    """Follow a balloon on in time."""
    run_float(asked, asked.hours)
