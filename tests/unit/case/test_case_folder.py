"""An incident folder is put in its place whole, never over what another wrote, and after a killed run too."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from overflight.case.case_file import Case
from overflight.case.folder import PART, require_free, written
from overflight.case.verify import verify
from overflight.errors import InvalidInput

NAMES = ("a.txt", "b.txt")


def fill(unfinished):
    for name in NAMES:
        unfinished.file(name).write_text(f"this is {name}")
    with Case.create(unfinished.case, title="test", closes=True) as case:
        for name in unfinished.names:
            case.add_file(unfinished.folder / name)
        case.append("closing", {})


def incident(folder, then=lambda: None):
    with written(folder, NAMES) as unfinished:
        fill(unfinished)
        then()


def viewed(folder, then=lambda: None):
    with written(folder, (*NAMES, "view")) as unfinished:
        fill(unfinished)
        unfinished.view("view").write_text("of the case")
        then()


def interrupt():
    raise KeyboardInterrupt


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_stands_there_until_all_does(tmp_path):
    folder = tmp_path / "incident"
    with written(folder, NAMES) as unfinished:
        fill(unfinished)
        assert entries(folder) == [PART]
    assert entries(folder) == ["a.txt", "b.txt", "case"]
    assert verify(folder / "case").problems == ()


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("mine")
    for folder in (tmp_path / "mine", tmp_path / "new"):
        with pytest.raises(KeyboardInterrupt):
            incident(folder, interrupt)
    assert entries(tmp_path) == ["mine"]
    assert entries(tmp_path / "mine") == ["notes.md"]
    incident(tmp_path / "mine")
    assert entries(tmp_path / "mine") == ["a.txt", "b.txt", "case", "notes.md"]


def test_what_another_wrote_is_refused(tmp_path):
    (tmp_path / "b.txt").write_text("mine")
    with pytest.raises(InvalidInput) as caught:
        require_free(tmp_path, NAMES)
    line = f"case: got {tmp_path}, which holds b.txt, expected a folder without b.txt; give another with --case DIR"
    assert str(caught.value) == line
    with pytest.raises(InvalidInput, match=r"holds b\.txt"):
        incident(tmp_path)
    assert (tmp_path / "b.txt").read_text() == "mine"
    assert entries(tmp_path) == ["b.txt"]


def test_what_another_writes_meanwhile_is_not_written_over(tmp_path):
    folder = tmp_path / "incident"
    with pytest.raises(InvalidInput, match=r"which holds b\.txt now"):
        incident(folder, lambda: (folder / "b.txt").write_text("theirs"))
    assert entries(folder) == ["b.txt"]
    assert (folder / "b.txt").read_text() == "theirs"


def test_what_is_made_of_the_case_comes_with_it_or_nothing_does(tmp_path):
    folder = tmp_path / "incident"
    viewed(folder)
    assert entries(folder) == ["a.txt", "b.txt", "case", "view"]
    assert verify(folder / "case").files == 2  # it is no file of the case
    with pytest.raises(InvalidInput, match="which holds view now"):
        viewed(tmp_path / "other", lambda: (tmp_path / "other" / "view").write_text("theirs"))
    assert entries(tmp_path / "other") == ["view"]


def test_two_runs_at_once_do_not_share_a_folder(tmp_path):
    folder = tmp_path / "incident"
    with written(folder, NAMES) as unfinished:
        with pytest.raises(InvalidInput, match="which another run is writing"):
            incident(folder)
        fill(unfinished)
    assert verify(folder / "case").problems == ()


def test_a_case_is_refused(tmp_path):
    incident(tmp_path / "incident")
    with pytest.raises(InvalidInput, match="expected a folder without a case"):
        incident(tmp_path / "incident")


KILLED = """
import os, signal, sys
from pathlib import Path
from overflight.case.case_file import Case
from overflight.case.folder import written
from test_case_folder import NAMES, fill

with written(Path(sys.argv[1]), NAMES) as unfinished:
    fill(unfinished)
    for name in NAMES[: int(sys.argv[2])]:
        (unfinished.folder / name).rename(Path(sys.argv[1]) / name)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder, moved):
    """Run to where so many files are in their place, and no further."""
    here = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = [sys.executable, "-c", KILLED, str(folder), str(moved)]
    assert subprocess.run(run, env=os.environ | {"PYTHONPATH": here}, check=False).returncode == -signal.SIGKILL
    assert entries(folder) == [PART, *NAMES[:moved]]


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_the_same_run_goes_through_where_one_was_killed_as_it_moved_its_files(tmp_path, moved):
    folder = tmp_path / "incident"
    killed(folder, moved)
    (folder / "notes.md").write_text("mine")
    incident(folder)
    assert entries(folder) == ["a.txt", "b.txt", "case", "notes.md"]
    assert verify(folder / "case").problems == ()


def test_a_file_that_was_changed_after_a_run_was_killed_is_another_s(tmp_path):
    folder = tmp_path / "incident"
    killed(folder, 1)
    (folder / "a.txt").write_text("changed by hand")
    with pytest.raises(InvalidInput, match=r"which holds a\.txt"):
        incident(folder)
    assert (folder / "a.txt").read_text() == "changed by hand"
