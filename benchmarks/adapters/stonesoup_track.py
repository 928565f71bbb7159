"""Smooth an Ornstein-Uhlenbeck velocity track with Stone Soup: Kalman filter and Rauch-Tung-Striebel smoother.

Run in the peer's environment: ``python stonesoup_track.py question.npz answer.npz``. The question holds ``seconds``
(n,), ``seen`` (k,) indices, ``y`` (k, 2) [m], ``noise`` (k, 2, 2) [m2], ``sd_ms``, ``time_s``, ``start_sd_m``; the
answer ``mean`` and ``covariance`` of the place at all instants.
"""

import sys
from datetime import datetime, timedelta

import numpy as np
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, OrnsteinUhlenbeck
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.smoother.kalman import KalmanSmoother
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.updater.kalman import KalmanUpdater

start = datetime(2023, 2, 1)  # noqa: DTZ001 - Stone Soup's own clock
asked = np.load(sys.argv[1])
k = 1.0 / float(asked["time_s"])
one = OrnsteinUhlenbeck(2.0 * float(asked["sd_ms"]) ** 2 * k, k)
motion = CombinedLinearGaussianTransitionModel([one, one])
place, speed = float(asked["start_sd_m"]) ** 2, float(asked["sd_ms"]) ** 2
state = GaussianState(np.zeros((4, 1)), np.diag([place, speed, place, speed]), timestamp=start)
predictor, updater, track = KalmanPredictor(motion), KalmanUpdater(None), Track([])
for i, s in enumerate(asked["seconds"]):
    state = predictor.predict(state, timestamp=start + timedelta(seconds=float(s)))
    # Its smoother links updates only: an instant without a sighting gets one that says nothing.
    found = np.flatnonzero(asked["seen"] == i)
    told = [(asked["y"][j], asked["noise"][j]) for j in found] or [(state.mean[[0, 2]], np.eye(2) * 1e20)]
    for y, noise in told:
        model = LinearGaussian(4, (0, 2), noise)
        detection = Detection(np.asarray(y, float).reshape(2, 1), timestamp=state.timestamp, measurement_model=model)
        state = updater.update(SingleHypothesis(state, detection))
    track.append(state)
smoothed = KalmanSmoother(motion).smooth(track)
mean = np.array([np.asarray(s.mean, float).ravel()[[0, 2]] for s in smoothed])
cov = np.array([np.asarray(s.covar, float)[np.ix_([0, 2], [0, 2])] for s in smoothed])
np.savez(sys.argv[2], mean=mean, covariance=cov)
