"""The engine: winds and a flight become trajectories.

>>> from overflight.drift import Release, Settings, simulate  # doctest: +SKIP
"""

from overflight.drift.error_state import ErrorState
from overflight.drift.release import Release
from overflight.drift.settings import Settings
from overflight.drift.simulate import simulate

__all__ = ["ErrorState", "Release", "Settings", "simulate"]
