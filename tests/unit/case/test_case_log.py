"""The log keeps what it acknowledged, and tells every change."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from overflight.case.log import LOG, TORN, Case, plain, verify
from overflight.errors import InvalidInput, Tampered


def small(folder):
    case = Case.create(folder / "case", title="test")
    evidence = folder / "photo.txt"
    evidence.write_text("a light in the sky")
    case.add_evidence(evidence, source="a witness")
    case.append("statement", {"text": "It was drifting."})
    (folder / "track.csv").write_text("time,lat,lon\n")
    case.add_file(folder / "track.csv", inputs=("ab",))
    case.append("closing", {})
    return case


def test_a_sound_log_holds(tmp_path):
    case = small(tmp_path)
    found = verify(case.folder)
    assert (found.records, found.evidence, found.files, found.problems) == (5, 1, 1, ())
    assert [r["kind"] for r in case.records()] == ["opening", "evidence", "statement", "file", "closing"]
    assert case.records()[3]["body"]["path"] == "track.csv"
    assert found.head == case.records()[-1]["hash"]
    assert found.head in str(found)


def test_every_flipped_byte_is_found(tmp_path):
    folder = small(tmp_path).folder
    log = folder / LOG
    sound = log.read_bytes()
    for at in range(len(sound)):
        log.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        assert verify(folder).problems, at
    log.write_bytes(sound)
    kept = next((folder / "evidence").iterdir())
    kept.write_text("a light in the sea")
    assert "photo.txt differs" in str(verify(folder))
    kept.unlink()
    with pytest.raises(Tampered, match="missing"):
        verify(folder).or_raise()


def test_a_record_taken_out_is_found(tmp_path):
    folder = small(tmp_path).folder
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    for gone in range(len(lines)):
        (folder / LOG).write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
        assert verify(folder).problems


def test_a_tail_cut_off_is_found(tmp_path):
    folder = small(tmp_path).folder
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        (folder / LOG).write_bytes(b"".join(lines[:kept]))
        told = f"the log ends with record {kept} and no closing: its tail is cut off, or it is not done"
        assert verify(folder).problems == (told,)
    (folder / LOG).write_bytes(b"")
    assert verify(folder).problems == ("the log is empty",)


def test_a_file_beside_the_case_that_was_changed_removed_or_replaced_is_found(tmp_path):
    (tmp_path / "incident").mkdir()
    folder = small(tmp_path / "incident").folder
    track = tmp_path / "incident" / "track.csv"
    track.write_text("time,lat,lon \n")
    assert "record 4: track.csv differs" in str(verify(folder))
    track.unlink()
    assert verify(folder).problems == ("record 4: track.csv is missing",)
    (tmp_path / "outside.csv").write_text("time,lat,lon\n")
    track.symlink_to(tmp_path / "outside.csv")
    assert verify(folder).problems == ("record 4: track.csv lies outside the folder",)


def test_a_log_that_names_files_elsewhere_reads_none_of_them(tmp_path):
    (tmp_path / "a").mkdir()
    case = small(tmp_path / "a")
    for kind, key in (("file", "path"), ("evidence", "kept")):
        case.append(kind, {key: f"../../{tmp_path.name}/secret", "name": "secret", "sha256": "00"})
    (tmp_path / "secret").write_text("secret")
    assert [problem.rpartition(" ")[0] for problem in verify(case.folder).problems if "lies" in problem] == [
        f"record 6: ../../{tmp_path.name}/secret lies outside the",
        "record 7: evidence secret lies outside the",
    ]


def test_a_record_after_the_closing_asks_for_another(tmp_path):
    case = small(tmp_path)
    case.append("correction", {"text": "It was climbing."})
    assert "no closing" in str(verify(case.folder))
    case.append("closing", {})
    assert verify(case.folder).problems == ()


def test_a_torn_line_is_set_aside(tmp_path):
    case = small(tmp_path)
    with (case.folder / LOG).open("ab") as stream:
        stream.write(b'{"author":"overfl')
    assert "torn" in str(verify(case.folder))
    case.append("statement", {"text": "after the crash"})
    case.append("closing", {})
    assert verify(case.folder).records == 7
    assert verify(case.folder).problems == ()
    assert (case.folder / TORN).read_bytes() == b'{"author":"overfl\n'


WRITER = """
import sys
from pathlib import Path
from overflight.case.log import Case
case = Case.open(Path(sys.argv[1]))
for i in range(10_000):
    print(case.append("statement", {"n": i}), flush=True)
"""


def test_kills_in_mid_write_lose_nothing_acknowledged(tmp_path):
    folder = small(tmp_path).folder
    acknowledged = []
    for round_number in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(0.013 * round_number)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.communicate()[0].split("\n")
        acknowledged += [line for line in rest if len(line) == 64]
    Case.open(folder).append("closing", {})
    assert verify(folder).problems == ()
    kept = {record["hash"] for record in Case.open(folder).records()}
    assert set(acknowledged) <= kept


def test_two_writers_do_not_harm_each_other(tmp_path):
    folder = small(tmp_path).folder
    script = WRITER.replace("10_000", "60")
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [w.wait() for w in writers] == [0, 0]
    assert verify(folder).records == 125


def test_what_cannot_be_written_is_refused(tmp_path):
    case = small(tmp_path)
    with pytest.raises(InvalidInput, match="without a case"):
        Case.create(case.folder, title="again")
    with pytest.raises(InvalidInput, match="kind"):
        case.append("rumour", {})
    with pytest.raises(InvalidInput, match=r"log\.jsonl"):
        Case.open(tmp_path)
    with pytest.raises(InvalidInput, match=r"log\.jsonl"):
        verify(tmp_path / "none")
    with pytest.raises(InvalidInput):
        case.add_evidence(tmp_path / "none.txt", source="nobody")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput):
        Case.create(tmp_path / "file" / "case", title="in a file")


def test_plain_json_has_no_surprises():
    value = {"a": np.float32(1.5), "b": np.nan, "c": 2**60, "d": np.array([1, 2]), "e": (True, None), "f": np.int8(3)}
    assert plain(value) == {"a": 1.5, "b": None, "c": str(2**60), "d": [1, 2], "e": [True, None], "f": 3}
    assert plain(np.datetime64("2023-02-01T00:00:00", "ns")) == "2023-02-01T00:00:00Z"
