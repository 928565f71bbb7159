"""What sightings and winds say together: the track, what came before and after, drift or not, and where from.

>>> from overflight import infer
>>> track = infer.track(sightings, winds, seed=7)  # doctest: +SKIP
>>> infer.drift_test(sightings, winds, seed=7)  # doctest: +SKIP
"""

from overflight.infer.drift_test import DriftTest, drift_test
from overflight.infer.identify import identify
from overflight.infer.origin import Origin, Site, origin
from overflight.infer.runs import forecast, hindcast
from overflight.infer.scene import Inputs
from overflight.infer.track import SightingFit, Track, track

__all__ = [
    "DriftTest",
    "Inputs",
    "Origin",
    "SightingFit",
    "Site",
    "Track",
    "drift_test",
    "forecast",
    "hindcast",
    "identify",
    "origin",
    "track",
]
