"""Ctrl-C and other signals, a real terminal, and readers that go away: one line, whole files, a tidy screen."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime

import pytest
from cli_calls import command, leavings, synthetic
from fetch_files import write_gfs
from fetch_server import Server

INTERRUPTED = "overflight: interrupted; no file was left half-written, the same command starts again"
FORECAST = ["forecast", "--winds", "winds.nc", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55",
            "--pressure", "150", "--steady", "--seed", "1", "-o", "f.csv"]  # fmt: skip
LONG = ["--hours", "240", "--members", "60000", "--every", "60"]
INVESTIGATE = ["investigate", "s.csv", "--winds", "winds.nc", "--members", "60", "--hours-back", "0.1", "--hours-ahead",
               "0.1", "--seed", "1"]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    synthetic(u=0.5).isel(time=[0]).to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


class Terminal:
    """The command at a terminal of its own: standard input and error are the terminal, standard output a pipe."""

    def __init__(self, arguments, cwd) -> None:
        self.master, slave = pty.openpty()
        self.seen = ""

        def take() -> None:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "overflight", *arguments], cwd=cwd, stdin=slave, stderr=slave, stdout=subprocess.PIPE,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"}, text=True, start_new_session=True, preexec_fn=take,  # noqa: PLW1509 - a terminal of its own
        )  # fmt: skip
        os.close(slave)

    def read_until(self, words: str) -> None:
        deadline = time.monotonic() + 120.0
        while words not in self.seen:
            assert time.monotonic() < deadline, self.seen
            assert self._read(), self.seen

    def press_ctrl_c(self) -> None:
        os.write(self.master, b"\x03")

    def end(self) -> tuple[int, str, str]:
        """Return the exit code, the answer, and what the terminal shows without its control codes."""
        while self._read():
            pass
        out, _ = self.process.communicate(timeout=120)
        os.close(self.master)
        return self.process.returncode, out, re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", self.seen)

    def _read(self) -> bool:
        select.select([self.master], [], [], 10.0)
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


def test_ctrl_c_at_the_terminal_in_the_middle_of_a_forecast(folder):
    before = leavings(folder)
    terminal = Terminal([*FORECAST, *LONG], folder)
    terminal.read_until("simulating")
    terminal.press_ctrl_c()
    code, out, shown = terminal.end()
    assert (code, out) == (130, "")
    assert shown.rstrip().splitlines()[-1].strip() == INTERRUPTED
    assert "Traceback" not in shown
    assert terminal.seen.rindex("\x1b[?25h") > terminal.seen.rindex("\x1b[?25l")  # the cursor is shown again
    assert leavings(folder) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_an_investigation_leaves_no_case_and_the_same_command_goes_through(folder, number):
    (folder / "s.csv").write_text("time,lat,lon,altitude_m\n2022-11-11T00:00:00Z,55,55,13500\n")
    terminal = Terminal(INVESTIGATE, folder)
    terminal.read_until("drift test")
    terminal.process.send_signal(number)
    code, out, shown = terminal.end()
    assert (code, out) == (130, "")
    assert shown.rstrip().splitlines()[-1].strip() == INTERRUPTED
    assert not (folder / "incident" / "case").exists()
    assert not list(folder.rglob(".part*"))
    done = command(*INVESTIGATE, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert command("case", "verify", "incident", cwd=folder).returncode == 0
    assert not list(folder.rglob(".part*"))


def test_an_investigation_killed_in_the_middle_is_begun_anew_by_the_same_command(folder):
    (folder / "s.csv").write_text("time,lat,lon,altitude_m\n2022-11-11T00:00:00Z,55,55,13500\n")
    terminal = Terminal(INVESTIGATE, folder)
    terminal.read_until("drift test")
    terminal.process.kill()
    assert terminal.end()[0] == -signal.SIGKILL
    assert [path.name for path in (folder / "incident").iterdir()] == [".part"]
    assert command("case", "verify", "incident", cwd=folder).returncode == 2
    done = command(*INVESTIGATE, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert command("case", "verify", "incident", cwd=folder).returncode == 0
    assert not list(folder.rglob(".part*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_download(folder, number):
    (folder / "www").mkdir()
    with contextlib.closing(Server(folder / "www")) as server:
        write_gfs(server.root, datetime(2023, 1, 28, tzinfo=UTC), (0, 3))
        server.faults[".idx"] = [("always", "")]
        server.faults[".f00"] = [("always", "slow")]
        server.slow_s = 0.1
        fetch = ["winds", "fetch", "gfs", "--start", "2023-01-28T00Z", "--end", "2023-01-28T03Z", "--levels", "500,200",
                 "--url", server.url]  # fmt: skip
        run = [sys.executable, "-m", "overflight", *fetch]
        process = subprocess.Popen(run, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while server.sent < 4000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert err == (
            "overflight: stopped; the same command resumes: overflight winds fetch gfs --start 2023-01-28T00:00:00Z "
            "--end 2023-01-28T03:00:00Z --levels 500,200\n"
        )
        assert not list((folder / "store").rglob("*.grib2"))
        server.faults.clear()
        done = command(*fetch, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fetched"] == 2


def test_a_bar_at_a_terminal_and_none_elsewhere(folder):
    short = ["--hours", "1", "--members", "20"]
    terminal = Terminal([*FORECAST, *short], folder)
    code, out, shown = terminal.end()
    assert code == 0
    assert out.startswith("20 members forward to ")
    assert "simulating" in shown
    assert "100%" in shown
    assert shown.rstrip().splitlines()[-1].strip() == "written: f.csv"
    elsewhere = command(*FORECAST, *short, cwd=folder)
    assert elsewhere.stdout == out
    assert elsewhere.stderr == "written: f.csv\n"


def test_stages_at_a_terminal(folder):
    (folder / "s.csv").write_text("time,lat,lon,altitude_m\n2022-11-11T00:00:00Z,55,55,13500\n")
    code, _, shown = Terminal(INVESTIGATE, folder).end()
    assert code == 0
    assert "track" in shown
    assert "1 sighting read from s.csv" in shown


def test_a_reader_that_goes_away_is_no_error(folder):
    for arguments in (["winds", "info", "winds.nc"], ["--help"], ["--show-completion", "bash"]):
        run = [sys.executable, "-m", "overflight", *arguments]
        process = subprocess.Popen(run, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(timeout=60) == 0


def test_an_answer_that_cannot_be_written(folder):
    run = [sys.executable, "-m", "overflight"]
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        for arguments in (["winds", "info", "winds.nc"], ["--help"]):
            done = subprocess.run(
                [*run, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
            assert done.returncode == 2
            line = "standard output: got No space left on device, expected what can be read and written"
            assert done.stderr == f"overflight: {line}\n"


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_output_is_no_traceback(folder, closed):
    def close() -> None:
        os.close(closed)

    run = [sys.executable, "-m", "overflight"]
    for arguments, code in ((["winds", "info", "winds.nc"], 0), (["frobnicate"], 2)):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        done = subprocess.run([*run, *arguments], cwd=folder, **streams, text=True, preexec_fn=close, check=False)
        assert done.returncode == code
        assert "Traceback" not in done.stdout + done.stderr
