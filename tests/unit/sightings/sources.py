"""A file to read, as the readers are given it."""

import hashlib

from overflight.sightings.defaults import Defaults, Errors
from overflight.sightings.parsed import Source

ERRORS = Errors(position_sd_m=20.0, time_sd_s=10.0, altitude_sd_m=30.0)
KINDS = ("aprs", "wspr", "adsb", "igra", "bufr", "plain")


def source(data, name="file", *, assume_utc=False):
    data = data if isinstance(data, bytes) else data.encode()
    defaults = Defaults(by_kind=dict.fromkeys(KINDS, ERRORS))
    digest = hashlib.sha256(data).hexdigest()
    return Source(name=name, data=data, digest=digest, assume_utc=assume_utc, defaults=defaults)
