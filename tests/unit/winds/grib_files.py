"""GRIB files of a small known wind, written with ecCodes."""

from __future__ import annotations

import eccodes
import numpy as np


def write_grib(path, edition=2, levels=(1000, 500), north_first=True, members=(None,), names=("u", "v"), hour=6):
    with path.open("wb") as out:
        for member in members:
            for name in names:
                for level in levels:
                    out.write(message(edition, name, level, north_first, member, hour))
    return path


def message(edition, name, level, north_first, member, hour):
    handle = eccodes.codes_grib_new_from_samples(f"regular_ll_pl_grib{edition}")
    lats = (50.0, 40.0) if north_first else (40.0, 50.0)
    keys = {"Ni": 4, "Nj": 3, "latitudeOfFirstGridPointInDegrees": lats[0], "latitudeOfLastGridPointInDegrees": lats[1]}
    keys |= {"longitudeOfFirstGridPointInDegrees": 350.0, "longitudeOfLastGridPointInDegrees": 5.0}
    keys |= {"iDirectionIncrementInDegrees": 5.0, "jDirectionIncrementInDegrees": 5.0}
    keys |= {"jScansPositively": 0 if north_first else 1, "dataDate": 20230201, "dataTime": 100 * hour}
    if member is not None and edition == 2:
        # As GEFS has it: an individual ensemble forecast, 3 for a perturbed one, 1 for the control.
        kind = {"typeOfEnsembleForecast": 3 if member else 1, "numberOfForecastsInEnsemble": 31}
        keys = {"productDefinitionTemplateNumber": 1, "perturbationNumber": member} | kind | keys
    keys |= {"shortName": name, "bitsPerValue": 24}
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    if level >= 1:
        eccodes.codes_set(handle, "level", int(level))
    else:
        eccodes.codes_set(handle, "typeOfLevel", "isobaricInPa")
        eccodes.codes_set(handle, "level", round(level * 100))
    rows = np.linspace(*lats, 3)
    values = rows[:, None] + np.arange(4) / 10.0 + level / 100.0 + (member or 0)
    eccodes.codes_set_values(handle, (values if name == "u" else -values).ravel())
    body = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return body
