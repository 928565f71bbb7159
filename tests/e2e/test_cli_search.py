"""``recover plan`` and ``recover update`` as they are called."""

from __future__ import annotations

import json

import gpxpy
import numpy as np
import pytest
from cli_calls import command, refused

from overflight.cli.main import main
from overflight.geo.density import Density

AREA = [[[-84.6, 44.9], [-84.4, 44.9], [-84.4, 45.1], [-84.6, 45.1], [-84.6, 44.9]]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a density over land, and an area that was searched."""
    rng = np.random.default_rng(1)
    density = Density.from_points(45 + rng.normal(0, 0.05, 400), -84.5 + rng.normal(0, 0.07, 400), resolution=7,
                                  elsewhere=0.05, smooth_rings=1)  # fmt: skip
    (tmp_path / "density.geojson").write_text(json.dumps(density.to_geojson()))
    (tmp_path / "area.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": AREA}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


PLAN = ["recover", "plan", "density.geojson", "--hours", "4", "--endurance", "2", "--base", "44.9,-85.0", "--speed", "200",
        "--object", "small"]  # fmt: skip
UPDATE = ["recover", "update", "density.geojson", "--searched", "area.geojson"]


def test_a_plan_is_written_in_every_format_and_its_search_updates_the_density(folder, capsys):
    out = [f"plan{suffix}" for suffix in (".gpx", ".kml", ".geojson", ".png", ".pdf")]
    assert main([*PLAN, "--json", *(word for name in out for word in ("-o", name))]) == 0
    text = capsys.readouterr()
    plan = json.loads(text.out)
    assert all((folder / name).stat().st_size > 1000 for name in out)
    assert [line for line in text.err.splitlines() if line.startswith("written")] == [f"written: {n}" for n in out]
    assert 0.0 < plan["probability_of_success"] <= plan["probability_of_success_best"]
    assert plan["hours"] <= 4.0
    assert len(gpxpy.parse((folder / "plan.gpx").read_text()).routes) == len(plan["sorties"]) == 2
    assert (
        main(["recover", "update", "density.geojson", "--searched", "plan.geojson", "-o", "after.parquet", "--json"])
        == 0
    )
    after = json.loads(capsys.readouterr().out)
    assert after["chance_to_find"] == pytest.approx(
        plan["probability_of_success"], rel=0.02
    )  # cells hardly swept left out
    assert after["elsewhere"] > 0.05
    assert (
        main(["recover", "update", "after.parquet", "--searched", "area.geojson", "--pod", "0.6", "-o", "more.geojson"])
        == 0
    )
    told = capsys.readouterr().out
    assert "Searches so far: 2." in told
    more = json.loads((folder / "more.geojson").read_text())
    assert [s["area"] for s in more["searches"]] == ["plan.geojson", "area.geojson"]
    assert sum(f["properties"]["probability"] for f in more["features"]) + more["elsewhere"] == pytest.approx(1.0)


def test_a_plan_says_its_chance_its_sorties_and_its_sources(folder, capsys):
    assert main(PLAN) == 0
    text = capsys.readouterr().out
    assert text.startswith("The search has a chance of ")
    assert "sortie  searcher  legs" in text
    assert "sweep width, open: 900 m (IAMSAR II App. N, N-9: person; not checked)" in text


def test_the_same_plan_gives_the_same_files(folder):
    for name in ("a", "b"):
        assert main([*PLAN, "-o", f"{name}.gpx", "-o", f"{name}.png", "-o", f"{name}.pdf"]) == 0
    for suffix in (".gpx", ".png", ".pdf"):
        assert (folder / f"a{suffix}").read_bytes() == (folder / f"b{suffix}").read_bytes()


def test_two_searches_at_once_are_as_one_after_the_other(folder):
    both = [*UPDATE, "--pod", "0.6", "--searched", "area.geojson", "--pod", "0.3", "-o", "both.geojson"]
    assert main(both) == 0
    assert main([*UPDATE, "--pod", "0.3", "-o", "first.geojson"]) == 0
    again = ["recover", "update", "first.geojson", "--searched", "area.geojson", "--pod", "0.6", "-o", "second.geojson"]
    assert main(again) == 0
    one, two = (json.loads((folder / name).read_text()) for name in ("both.geojson", "second.geojson"))
    for a, b in zip(one["features"], two["features"], strict=True):
        assert a["properties"]["probability"] == pytest.approx(b["properties"]["probability"], rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([*PLAN[:4], "0", *PLAN[5:]], "--hours: got 0, expected more than 0"),
        ([*PLAN, "--coverage", "0"], "--coverage: got 0, expected more than 0"),
        ([*PLAN[:8], "60,-83", *PLAN[9:]], "~base: got 1,6.* km to the nearest cell, expected less than .*"),
        ([*PLAN[:8], "45", *PLAN[9:]], "~--base: got 1 numbers, expected 2 numbers parted by commas"),
        ([*PLAN, "--sensor", "drone"], "~sensor: got drone \\(small\\), which has no row, expected one of aircraft .*"),
        ([*PLAN, "-o", "plan.xyz"], "output: got 'plan.xyz', expected a name that ends in .gpx, .kml, .geojson, .png, .pdf"),
        ([*PLAN, "-o", "no/plan.gpx"], "~output: got no/plan.gpx .*"),
        ([*UPDATE, "--pod", "1.2"], "--pod: got 1.2, expected a probability from 0 to 1"),
        ([*UPDATE, "--pod", "nan"], "--pod: got nan, expected a probability from 0 to 1"),
        (UPDATE, "area.geojson: --pod: got none, expected a probability from 0 to 1; only a plan has its own"),
        ([*UPDATE, "--pod", "0.1", "--pod", "0.2"], "--pod: got 2 for 1 searches, expected one a search, or one for all"),
        (["recover", "update", "density.geojson", "--searched", "density.csv", "--pod", "0.5"],
         "searched area: got density.csv (No such file or directory), expected a file that can be read"),
        (["recover", "update", "area.geojson", "--searched", "area.geojson", "--pod", "0.5"],
         "area.geojson: density: got no FeatureCollection, expected cells as features"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_nothing_is_written(folder, capsys, arguments, expected):
    refused(capsys, [*arguments, *(() if "-o" in arguments else ("-o", "out.geojson"))], 2, expected, folder)


def test_the_command_runs_as_a_process(folder):
    done = command("recover", "update", "density.geojson", "--searched", "area.geojson", "--pod", "0.6", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Searches so far: 1." in done.stdout
