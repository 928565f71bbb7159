"""The watch over live balloons: where each is, where it may be in a day, whose sky it will enter, and whom to tell."""

from overflight.serve.watch.settings import Settings
from overflight.serve.watch.watch import Watch, start

__all__ = ["Settings", "Watch", "start"]
