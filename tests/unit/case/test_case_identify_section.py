"""The part of the report about what the object may have been."""

import json

import numpy as np
import pandas as pd
import pytest

from overflight.case.report.identify_section import figure, section, table, write
from overflight.infer import identify
from overflight.infer.candidates import Candidate
from overflight.infer.identity import NONE
from overflight.sightings import Sighting


@pytest.fixture(scope="module")
def found():
    from datetime import UTC, datetime

    seen = Sighting(time=datetime(2023, 2, 1, 1, 30, tzinfo=UTC), time_sd_s=60.0, lat=40.15, lon=179.9,
                    position_sd_m=15_000.0, altitude=None, object_label="", source="", note="", evidence_sha256="")  # fmt: skip
    times = np.datetime64("2023-02-01", "ns") + np.arange(3) * np.timedelta64(1, "h")

    def flown(name, north):
        return Candidate(name=name, kind="track", time=times, lat=np.array([40.0, 40.1, 40.2]) + north,
                         lon=np.array([179.3, 179.7, -179.9]), altitude_m=np.full(3, 12_000.0))  # fmt: skip

    return identify([seen], [flown("over it", 0.0), flown("beside it", 0.4)], None, seed=1)


def test_sentences_and_rows_say_the_finding_and_none(found):
    part = section(found)
    assert part.sentences[0] == found.verdict
    assert part.sentences[1].startswith("2 candidates given; 2 aloft in time")
    assert [row[0] for row in part.rows] == ["over it", "beside it", NONE]
    assert all(len(row) == len(part.columns) for row in part.rows)


def test_the_map_is_drawn_over_the_antimeridian(found):
    drawing = figure(found)
    low, high = drawing.axes[0].get_xlim()
    assert 20.0 < high - low < 1_000.0  # km, and not once around the Earth
    assert len(drawing.axes[0].patches) >= 4


@pytest.mark.parametrize("suffix", [".csv", ".json", ".png"])
def test_files_by_suffix(found, suffix, tmp_path):
    path = tmp_path / f"identity{suffix}"
    write(found, path)
    if suffix == ".csv":
        rows = pd.read_csv(path)
        assert rows["posterior"].sum() == pytest.approx(1.0, abs=1e-4)
        assert len(rows) == len(table(found)) == 3
    if suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["grade"] == found.grade
    if suffix == ".png":
        assert path.read_bytes().startswith(b"\x89PNG")
