"""What sightings and winds say together: the track, what came before and after, drift or not, and where from.

>>> from overflight import infer
>>> track = infer.track(sightings, winds, seed=7)  # doctest: +SKIP
>>> infer.drift_test(sightings, winds, seed=7)  # doctest: +SKIP
"""

from overflight.infer.drift_result import DriftTest
from overflight.infer.drift_test import drift_p_values, drift_test
from overflight.infer.hypotheses.multiplicity import false_discovery
from overflight.infer.hypotheses.real_flights import RealFlights
from overflight.infer.identify import identify
from overflight.infer.origin import Origin, Site, origin
from overflight.infer.runs import forecast, hindcast
from overflight.infer.scene import Inputs
from overflight.infer.track import SightingFit, Track, track

__all__ = [
    "DriftTest",
    "Inputs",
    "Origin",
    "RealFlights",
    "SightingFit",
    "Site",
    "Track",
    "drift_p_values",
    "drift_test",
    "false_discovery",
    "forecast",
    "hindcast",
    "identify",
    "origin",
    "track",
]
