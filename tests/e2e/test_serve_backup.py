"""Backup while the service runs, and restore: all of it or nothing."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile

import pytest
from serve_calls import FORECAST, begun, serving, write_winds


def command(*words, cwd):
    run = [sys.executable, "-m", "overflight", *map(str, words)]
    return subprocess.run(run, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder of a service with a job in it, and its backup that was made meanwhile."""
    room = tmp_path_factory.mktemp("backup")
    write_winds(room)
    with serving(room / "service") as served:
        job = served.begin("forecast", FORECAST)["job"]
        assert served.until(job, "done", "failed")["status"] == "done"
        result = served.get(f"/api/jobs/{job}/files/result.json").content
        done = command("backup", "service", "all.tar.gz", cwd=room)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("written: all.tar.gz, ")
    return room, job, result


def test_what_was_there_is_there_again(kept, tmp_path):
    room, job, result = kept
    done = command("restore", room / "all.tar.gz", tmp_path / "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    served = begun(tmp_path / "again", winds=room / "winds.nc")
    try:
        assert served.get(f"/api/jobs/{job}").json()["status"] == "done"
        assert served.get(f"/api/jobs/{job}/files/result.json").content == result
        assert served.begin("forecast", FORECAST)["job"] == job
    finally:
        assert served.stop() == 0
        served.process.stdout.close()


def test_a_folder_that_holds_something_is_left_as_it_is(kept, tmp_path):
    room, _, _ = kept
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    done = command("restore", room / "all.tar.gz", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "overflight: store: got mine, expected a folder that is not there, or empty\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "file"]


def test_a_backup_is_not_written_over(kept):
    room, _, _ = kept
    done = command("backup", "service", "all.tar.gz", cwd=room)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected the name of a new file" in done.stderr


def test_what_is_no_backup_leaves_nothing(kept, tmp_path):
    room, _, _ = kept
    whole = (room / "all.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.tar.gz").write_text("no archive")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        archive.add(room / "winds.nc", "../winds.nc")
    for name in ("cut", "text", "other", "none"):
        done = command("restore", f"{name}.tar.gz", "new", cwd=tmp_path)
        assert done.returncode == 2, name
        assert done.stderr.count("\n") == 1, done.stderr
        assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".part*"))


def test_a_changed_file_is_found(kept, tmp_path):
    room, _, _ = kept
    with tarfile.open(room / "all.tar.gz") as source, tarfile.open(tmp_path / "changed.tar.gz", "w:gz") as target:
        for member in source:
            stream = source.extractfile(member)
            data = stream.read()
            if member.name.endswith("result.json"):
                data = data[:-1] + b" "
            target.addfile(member, io.BytesIO(data))
    done = command("restore", "changed.tar.gz", "new", cwd=tmp_path)
    assert done.returncode == 1
    assert "its digest is not that of the backup" in done.stderr
    assert not (tmp_path / "new").exists()
