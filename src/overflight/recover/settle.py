"""From where it came down to where it is now: drift on water, and the way to the bed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from overflight.drift.scatter import Moment
from overflight.recover import water
from overflight.recover.grid import Grid
from overflight.recover.lake import sink
from overflight.recover.landing import GONE, SUNK, Fallen, Landing
from overflight.recover.smooth import densities


def settle(found: Landing, sea: water.Sea, until: np.datetime64, *, depth: float | Grid | None = None) -> Landing:
    """Follow what came down on water to a time.

    Parameters
    ----------
    sea : what moves things on water.
    until : datetime64, UTC. One before a member came down leaves it where it came down.
    depth : of the water; None leaves what sank where it went under. [m]

    Returns
    -------
    Landing
        The same, its members and densities those of ``until``, each with its ``fate``.
    """
    classes = [_settled(fallen, sea, until, depth, found.seed) for fallen in found.classes]
    anew = densities([(fallen.end.lat, fallen.end.lon) for fallen in classes], found.seed)
    return replace(found, classes=tuple(replace(f, density=d) for f, d in zip(classes, anew, strict=True)))


def _settled(fallen: Fallen, sea: water.Sea, until: np.datetime64, depth: float | Grid | None, seed: int) -> Fallen:
    one = fallen.object
    afloat = water.drift(fallen, sea, until, seed)
    end: Moment = afloat.end
    if depth is not None:
        end = sink(end, np.asarray(afloat.fate == SUNK), depth, sinks_ms=one.sinks_ms, seed=seed, current=sea.current,
                   name=one.name)  # fmt: skip
    gone = afloat.fate == GONE
    end = Moment(end.time, np.where(gone, np.nan, end.lat), np.where(gone, np.nan, end.lon), end.altitude_m)
    return replace(fallen, end=end, fate=afloat.fate, middle=None)
