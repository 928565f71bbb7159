"""A study in shards: whole files, resumed, the same over processes and Dask; its command."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from validation import figures, run, summary, tables
from validation.__main__ import main
from validation.cases import Study
from validation.judges import Effort

ROOT = Path(__file__).parents[3]
NAME = "polar-20km-12h-3-stated-reported"
SMALL = ("--cases", "3", "--strata", NAME, "--members", "40", "--simulated", "19")


def computed(folder, *more, part="drift"):
    assert main(["run", "--part", part, *SMALL, "--out", str(folder), *more]) == 0
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.glob("*/*/*/*.jsonl"))}


def test_a_finished_shard_is_not_computed_again(tmp_path, capsys):
    first = computed(tmp_path)
    stamp = {p: (tmp_path / p).stat().st_mtime_ns for p in first}
    assert computed(tmp_path) == first
    assert {p: (tmp_path / p).stat().st_mtime_ns for p in first} == stamp
    assert "0 of 1 blocks computed" in capsys.readouterr().out


def test_rows_do_not_depend_on_the_size_of_blocks(tmp_path):
    whole = computed(tmp_path / "whole")
    parts = computed(tmp_path / "parts", "--block", "2")
    assert len(parts) == 2
    assert b"".join(parts.values()) == b"".join(whole.values())


@pytest.mark.parametrize("how", [("--workers", "2"), ("--dask", "local")])
def test_processes_and_dask_give_the_same_rows(tmp_path, how):
    if "--dask" in how:
        pytest.importorskip("distributed")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = [sys.executable, "-m", "validation", "run", "--part", "drift", *SMALL]
    done = subprocess.run([*command, "--out", str(tmp_path / "far"), *how], cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    far = {p.relative_to(tmp_path / "far"): p.read_bytes() for p in (tmp_path / "far").glob("*/*/*/*.jsonl")}
    assert far == computed(tmp_path / "near")


def test_a_study_that_was_killed_goes_on(tmp_path):
    many = ["run", "--part", "drift", "--strata", NAME, "--simulated", "19", "--cases", "16", "--block", "2"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = [sys.executable, "-m", "validation", *many, "--out", str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        while not list((tmp_path / "killed").glob("*/*/*/*.jsonl")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    left = sorted((tmp_path / "killed").glob("*/*/*/*.jsonl"))
    assert 0 < len(left) < 8
    stamps = [p.stat().st_mtime_ns for p in left]
    for folder in ("killed", "whole"):
        assert main([*many, "--out", str(tmp_path / folder)]) == 0
    assert [p.stat().st_mtime_ns for p in left] == stamps
    assert run.rows_of(tmp_path / "killed") == run.rows_of(tmp_path / "whole")


def test_a_folder_of_another_study_is_refused(tmp_path, capsys):
    computed(tmp_path)
    assert main(["run", "--part", "drift", *SMALL, "--seed", "1", "--out", str(tmp_path)]) == 2
    assert "settings: got" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--part", "drfit"), "--part: got drfit, expected track, forecast, drift, verdict, origin, identify or power"),
        (("--strata", "moon"), "stratum: got 'moon', expected tropics-"),
        (("--variants", "magic"), "variant: got 'magic', expected passive"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path, capsys, arguments, told):
    assert main(["run", "--out", str(tmp_path), *arguments]) == 2
    assert capsys.readouterr().err.startswith(told)


def test_tables_and_figures_of_nothing_are_missing_data(tmp_path, capsys):
    assert main(["table", str(tmp_path)]) == 3
    assert "no rows of a study" in capsys.readouterr().err


def test_tables_tell_what_rows_say_and_figures_repeat_their_bytes(tmp_path):
    row = {"p_value": 0.5, "p_value_powered": 0.5}
    rows = [{"case": i, **row, "p_value": 0.005 if i < 2 else (i - 2) / 198} for i in range(200)]
    found = {("drift", NAME, "passive"): rows}
    made = {title: cells for title, _, cells in tables.tables(found)}
    alarms = made["Drift test: false alarms of passive flights"][0]
    assert alarms[:2] == [NAME, "200"]
    assert alarms[2].startswith("2.00 (")  # 2 drawn low, and the 0 and 1/198 of the even ones
    first = [p.read_bytes() for p in figures.draw(found, tmp_path / "a")]
    assert first == [p.read_bytes() for p in figures.draw(found, tmp_path / "b")]
    assert len(first) == 1


def test_the_summary_holds_rates_against_their_bars(tmp_path):
    rows = [{"case": i, "p_value": i / 200, "p_value_powered": 1.0} for i in range(1, 201)]
    told = [{"case": i, "verdict": "not enough data", "power_5": 0.1} for i in range(4)]
    found = {("drift", NAME, "passive"): rows, ("verdict", NAME, "passive"): told}
    _, _, made = summary.drift_summary(found)
    cells = {row[0]: row[2] for row in made}
    assert cells["passive flights, p of one level at most 1 %"].startswith("1.00 (0.12-3.57) % of 200")
    assert cells["p of any path of levels at most 1 %"].startswith("0.00 (")
    assert cells['"not enough data" where the power told at 5 m/s is below one half'] == "4 of 4"
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- begin: drift-summary -->\nold\n<!-- end: drift-summary -->\nb\n")
    folder = tmp_path / "study" / "drift" / NAME / "passive"
    folder.mkdir(parents=True)
    (folder / "0.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["table", str(tmp_path / "study"), "--page", str(page)]) == 0
    assert "old" not in page.read_text()
    assert "0.7 to 1.3 %" in page.read_text()


def test_settings_are_noted(tmp_path):
    study = Study(effort=Effort(members=40, simulated=19))
    run.settle(tmp_path, study)
    assert json.loads((tmp_path / run.STUDY).read_text())["effort"]["simulated"] == 19
