"""How objects drift on water in the wind: coefficients by class, with their spread.

References
----------
Allen, A. A., Plourde, J. V. (1999), Review of leeway: field experiments and implementation, US Coast Guard CG-D-08-99.
Allen, A. A. (2005), Leeway divergence, US Coast Guard CG-D-05-05.
Breivik, O., Allen, A. A. (2008), An operational search and rescue model for the Norwegian Sea and the North Sea,
J. Mar. Syst. 69, 99-113, doi 10.1016/j.jmarsys.2007.02.010.
Values: the list of the SAROPS system of 2010-11-15 as updated by O. Breivik on 2011-08-25, public with OpenDrift.
"""

from __future__ import annotations

from dataclasses import dataclass

from overflight.errors import InvalidInput

Line = tuple[float, float, float]
"""Slope [% of the wind at 10 m], offset [cm/s] and standard deviation [cm/s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leeway:
    """Coefficients of one class: drift along the wind, and across it to the right or to the left.

    Attributes
    ----------
    name, text : str. The class in the published list.
    down, right, left : slope [%], offset [cm/s], standard deviation [cm/s].
    """

    name: str
    text: str
    down: Line
    right: Line
    left: Line


def _both(name: str, text: str, down: Line, right: Line) -> Leeway:
    """Return a class whose left mirrors its right."""
    return Leeway(name=name, text=text, down=down, right=right, left=(-right[0], -right[1], right[2]))


_TABLE = (
    _both("PIW-1", "person in water, unknown state, mean", (0.96, 0.0, 12.0), (0.54, 0.0, 9.4)),
    _both("LIFE-RAFT-NB-1", "life raft without ballast, mean", (3.70, 0.0, 12.0), (1.98, 0.0, 9.4)),
    _both("LIFE-RAFT-NB-2", "life raft without ballast, canopy and drogue", (5.34, 9.91, 9.82), (2.26, 1.04, 9.08)),
    _both("FV-DEBRIS", "debris of a fishing vessel", (1.97, 0.0, 8.3), (0.36, 0.0, 6.7)),
    _both("SLDMB", "datum marker buoy, drifts with the current alone", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    _both("BAIT-BOX-2", "box of a cubic metre, lightly loaded", (2.53, 9.01, 3.05), (1.09, -2.76, 4.14)),
    _both("BAIT-BOX-3", "box of a cubic metre, fully loaded", (1.15, 7.94, 3.17), (1.48, -0.32, 2.99)),
    Leeway(name="OIL-DRUM", text="oil drum of 220 l", down=(0.75, 2.66, 2.83), right=(0.48, 2.88, 3.92),
           left=(-0.45, -1.46, 4.59)),
    _both("CONTAINER-1", "container of 40 ft on a scale of 1:3, 70 % submerged", (1.78, 1.44, 2.99),
          (0.27, -2.44, 2.31)),
    _both("CONTAINER-2", "container of 20 ft, 80 % submerged", (1.25, 3.96, 2.81), (0.19, 1.14, 4.36)),
    _both("SEWAGE", "sewage floatables", (1.79, 0.0, 3.1), (0.16, 0.0, 2.9)),
    _both("MED-WASTE-1", "medical waste, mean", (2.75, 0.0, 12.0), (0.50, 0.0, 9.4)),
)  # fmt: skip
CLASSES = {row.name: row for row in _TABLE}
"""Those of the list that remains of a balloon may be likened to."""


def leeway_of(name: str) -> Leeway:
    """Return a class by its name.

    Raises
    ------
    InvalidInput
        There is none of that name.
    """
    if name not in CLASSES:
        raise InvalidInput("leeway", repr(name), ", ".join(CLASSES))
    return CLASSES[name]
