"""An alert as a CAP 1.2 message, written from the members of the forecast it rests on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from overflight.serve.watch.ahead import Entered
from overflight.serve.watch.cone import Cones

if TYPE_CHECKING:
    import xarray as xr


def cap_of(cones: Cones, row: int, name: str, sender: str, entered: Entered, alert: str, now: float) -> str:
    """Return the CAP message that tells of balloon ``row`` of a forecast entering a region."""
    from overflight.line.notices import Sending, notice_of  # noqa: PLC0415 - slow to import
    from overflight.line.notices.cap import write_cap  # noqa: PLC0415
    from overflight.line.notices.recipients import Recipients  # noqa: PLC0415

    one = _recipient(entered, cones)
    told = Recipients((one,), (), max(min(entered.probability, 1.0), 1e-6), "", ())
    sending = Sending(sent=datetime.fromtimestamp(round(now), UTC), sender=sender, status="Actual")
    notice = notice_of(_dataset(cones, row), "position", told, {"identification": name}, sending, incomplete=True)
    from dataclasses import replace  # noqa: PLC0415

    return write_cap(replace(notice, identifier=alert))


def _dataset(cones: Cones, row: int) -> xr.Dataset:
    """Return the members of one balloon as trajectories."""
    import xarray as xr  # noqa: PLC0415

    epoch = np.datetime64(round(cones.epoch * 1e3), "ms").astype("datetime64[ns]")
    time = epoch + (cones.hours * 3_600_000_000_000).astype("timedelta64[ns]")
    altitude = np.where(np.isfinite(cones.altitude_m[row]), cones.altitude_m[row], 0.0)
    fields = {"lat": cones.lat[row], "lon": cones.lon[row], "altitude": altitude}
    return xr.Dataset({name: (("trajectory", "obs"), values) for name, values in fields.items()},
                      coords={"time": ("obs", time)})  # fmt: skip


def _recipient(entered: Entered, cones: Cones) -> object:
    from overflight.airspace.ledger import wilson  # noqa: PLC0415
    from overflight.line.notices.recipients import DISPUTED, SERVICE, STATE, Recipient  # noqa: PLC0415
    from overflight.line.notices.values import When  # noqa: PLC0415

    members = cones.lat.shape[1]
    low, high = wilson(round(entered.probability * members), members)
    when = When(*(datetime.fromtimestamp(round(at), UTC) for at in entered.enters_at))
    end = datetime.fromtimestamp(round(cones.epoch + 3600.0 * cones.hours[-1]), UTC)
    kind = SERVICE if entered.kind in ("fir", "uir") else DISPUTED if entered.disputed else STATE
    return Recipient(
        id=entered.region, name=entered.name, kind=kind, administered_by="", claimed_by="", note="",
        probability=entered.probability, probability_low=low, probability_high=high,
        chance=f"{entered.probability:.0%}", grazing=0.0, entry=when, exit=When(end, end, end), hours=0.0,
    )  # fmt: skip
