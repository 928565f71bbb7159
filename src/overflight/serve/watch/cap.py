"""An alert as a CAP 1.2 message, written from the members of the forecast it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from overflight.serve.watch.ahead import Entered, Sky
from overflight.serve.watch.cone import Cones

if TYPE_CHECKING:
    import xarray as xr

    from overflight.line.notices import Recipients


def cap_of(  # noqa: PLR0913, PLR0917 - the forecast, whom it is told, and by whom
    sky: Sky, cones: Cones, row: int, name: str, sender: str, entered: Entered, alert: str, now: float
) -> str:
    """Return the CAP message that tells of balloon ``row`` of a forecast entering a region."""
    from overflight.line.notices import Sending, notice_of  # noqa: PLC0415 - slow to import
    from overflight.line.notices.cap import write_cap  # noqa: PLC0415

    data = _dataset(cones, row)
    told = _told(sky, data, entered)
    sending = Sending(sent=datetime.fromtimestamp(round(now), UTC), sender=sender, status="Actual")
    notice = notice_of(data, "position", told, {"identification": name}, sending, incomplete=True)
    return write_cap(replace(notice, identifier=alert))


def _dataset(cones: Cones, row: int) -> xr.Dataset:
    """Return the members of one balloon as trajectories; an altitude that is not known is written as 0."""
    import xarray as xr  # noqa: PLC0415

    epoch = np.datetime64(round(cones.epoch * 1e3), "ms").astype("datetime64[ns]")
    time = epoch + (cones.hours * 3_600_000_000_000).astype("timedelta64[ns]")
    fields = {"lat": cones.lat[row], "lon": cones.lon[row], "altitude": np.nan_to_num(cones.altitude_m[row])}
    return xr.Dataset({name: (("trajectory", "obs"), values) for name, values in fields.items()},
                      coords={"time": ("obs", time)})  # fmt: skip


def _told(sky: Sky, data: xr.Dataset, entered: Entered) -> Recipients:
    """Return whom the message is for: the region, with what the same members make of it."""
    from overflight.line.notices import recipients  # noqa: PLC0415

    least = max(min(entered.probability, 1.0) - 1e-9, 1e-9)
    found = recipients(sky.ledger(data, entered.region), "", tell=least)
    return replace(found, told=tuple(one for one in found.told if one.id == entered.region), near=())
