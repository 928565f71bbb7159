"""The runner: takes jobs out of the queue, runs each as a process of its own, and says how far it is."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from overflight.errors import OverflightError, one_line
from overflight.geo.times import iso
from overflight.serve.jobs import Jobs, Row, asked_of, folder_of
from overflight.serve.jobs_verbs import command
from overflight.serve.settings import Settings

LOG = logging.getLogger("overflight.serve")
LOOK_S, CLAIM_S, BEAT_S, TIDY_S = 0.1, 0.5, 3.0, 3600.0
GRACE_S, LAST_GRACE_S = 5.0, 1.5
"""What a job that is to stop may take; what it may when the service stops, as it is begun anew in any case."""
SHARE = 0.7
"""How much of what is left a stage may fill: nobody knows how many follow."""


def owners(settings: Settings) -> str:
    """Return how the names begin of all runners of one folder on one machine."""
    place = hashlib.sha256(str(settings.folder.resolve()).encode()).hexdigest()[:12]
    return f"{socket.gethostname()}:{place}:"


@dataclass(slots=True, kw_only=True)
class Running:
    """A job that runs."""

    row: Row
    folder: Path
    process: subprocess.Popen[bytes]
    told: int
    text: str = ""
    stage: str = ""
    base: float = 0.0
    progress: float = 0.0
    ended_by: str = ""
    end_by: float = field(default=float("inf"))


class Runner(threading.Thread):
    """Runs jobs until it is stopped; what runs then is queued again.

    Parameters
    ----------
    slots : jobs at once.
    """

    def __init__(self, jobs: Jobs, settings: Settings, slots: int) -> None:
        super().__init__(name="jobs", daemon=True)
        self.jobs, self.settings, self.slots = jobs, settings, slots
        self.owner = f"{owners(settings)}{os.getpid()}-{secrets.token_hex(3)}"
        self.wake, self._done = threading.Event(), threading.Event()
        self._running: list[Running] = []
        self._due = {"claim": 0.0, "beat": 0.0, "tidy": 0.0}

    def run(self) -> None:
        """Look after jobs until stopped; a failure is logged, and does not end it."""
        while not self._done.is_set():
            if self.wake.wait(LOOK_S):
                self.wake.clear()
                self._due["claim"] = 0.0
            try:
                self._look()
            except Exception as failure:  # whatever it is, other jobs go on
                LOG.warning("jobs: %s", failure, exc_info=None if isinstance(failure, OverflightError) else failure)
                self._done.wait(1.0)
        self._give_back()

    def end(self) -> None:
        """Begin to stop: what runs is queued again."""
        self._done.set()
        self.wake.set()

    def stop(self) -> None:
        """Stop, and wait for it."""
        self.end()
        self.join(timeout=GRACE_S + 5.0)

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + every_s
        return True

    def _look(self) -> None:
        if self._is_due("tidy", TIDY_S):
            self._tidy()
        if self._is_due("beat", BEAT_S):
            self.jobs.beat(self.owner)
            self.jobs.give_back_lost()
        claims = self._is_due("claim", CLAIM_S)
        if claims and self._running:
            self._end_cancelled()
        for running in list(self._running):
            self._follow(running)
        while claims and len(self._running) < self.slots and self.jobs.counts()["queued"]:
            row = self.jobs.claim(self.owner)
            if row is None:
                break
            self._start(row)

    def _start(self, row: Row) -> None:
        folder = folder_of(self.settings.folder, row.id)
        try:
            shutil.rmtree(folder / "output", ignore_errors=True)
            (folder / "output").mkdir(mode=0o700)
            self._running.append(self._begun(row, folder))
        except OSError as failure:
            self.jobs.end(row.id, self.owner, "failed", "failed", f"{folder.name}: {failure.strerror}")

    def _begun(self, row: Row, folder: Path) -> Running:
        asked = asked_of(row)
        case = _case_folder(self.settings.folder, asked.case)
        words = command(asked, winds=self.settings.winds, case=case)
        told, tell = os.pipe()
        os.set_blocking(told, False)
        environment = os.environ | {"OVERFLIGHT_PROGRESS_FD": str(tell), "PYTHONUNBUFFERED": "1"}
        try:
            with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as error:
                process = subprocess.Popen(  # noqa: S603 - every word of it is checked, see jobs_verbs
                    [sys.executable, "-m", "overflight.serve.jobs_child", *words], cwd=folder, stdin=subprocess.PIPE,
                    stdout=out, stderr=error, env=environment, pass_fds=(tell,),
                )  # fmt: skip
        except BaseException:
            os.close(told)
            raise
        finally:
            os.close(tell)
        return Running(row=row, folder=folder, process=process, told=told)

    def _follow(self, running: Running) -> None:
        code = running.process.poll()
        if self._read(running) and code is None and not running.ended_by:
            self.jobs.tell(running.row.id, self.owner, running.progress, running.stage)
        if code is None:
            too_long = time.time() - running.row.began_at > 3600.0 * self.settings.job_hours
            if too_long and not running.ended_by:
                self._end(running, "time")
            if time.monotonic() > running.end_by:
                running.process.kill()
            return
        self._running.remove(running)
        _close(running)
        self._finish(running, code)

    def _finish(self, running: Running, code: int) -> None:
        job = running.row.id
        if running.ended_by == "cancel":
            shutil.rmtree(running.folder / "output", ignore_errors=True)
        elif running.ended_by == "time":
            line = f"job: got more than {self.settings.job_hours:g} h, expected less"
            self.jobs.end(job, self.owner, "failed", "failed", line)
        elif code == 0:
            (running.folder / "stdout").replace(running.folder / "output" / "result.json")
            self.jobs.end(job, self.owner, "done", "done")
        elif code in (-9, -15, 130):  # the system, short of memory, or somebody at this machine has ended it
            self.jobs.end(job, self.owner, "failed", "failed", "job: its process was ended from outside")
        else:
            self.jobs.end(job, self.owner, "failed", "failed", _last_line(running.folder / "stderr"))
        LOG.info("job", extra={"what": {"job": job, "verb": running.row.verb, "code": code, "by": running.ended_by}})

    def _read(self, running: Running) -> bool:
        """Read what a job says of its progress; say whether it has said anything new."""
        with contextlib.suppress(BlockingIOError):
            running.text += os.read(running.told, 65536).decode("utf-8", "replace")
        *lines, running.text = running.text.split("\n")
        if not lines:
            return False
        with contextlib.suppress(msgspec.MsgspecError, ValueError, TypeError):
            stage, done, total = msgspec.json.decode(lines[-1])
            if stage != running.stage:
                running.stage, running.base = str(stage), running.progress
            fraction = min(1.0, max(0.0, done / total)) if total else 0.0
            running.progress = max(running.progress, running.base + (1.0 - running.base) * SHARE * fraction)
        return True

    def _end_cancelled(self) -> None:
        states = self.jobs.status_of([running.row.id for running in self._running])
        for running in self._running:
            if states.get(running.row.id) != "running" and not running.ended_by:
                self._end(running, "cancel")

    def _end(self, running: Running, why: str) -> None:
        running.ended_by, running.end_by = why, time.monotonic() + GRACE_S
        running.process.terminate()

    def _give_back(self) -> None:
        for running in self._running:
            running.process.terminate()
        until = time.monotonic() + LAST_GRACE_S
        for running in self._running:
            try:
                running.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
            _close(running)
            with contextlib.suppress(OverflightError):
                self.jobs.give_back(running.row.id, self.owner)
        self._running.clear()

    def _tidy(self) -> None:
        """Forget what ended long ago, and remove folders that no job names, as a killed request leaves them."""
        for job in self.jobs.forget(iso(datetime.now(UTC) - timedelta(days=self.settings.keep_days))):
            shutil.rmtree(folder_of(self.settings.folder, job), ignore_errors=True)
        known = {row.id for row in self.jobs.page(limit=1_000_000)}
        for folder in (self.settings.folder / "jobs").iterdir():
            if folder.name not in known and time.time() - folder.stat().st_mtime > TIDY_S:
                shutil.rmtree(folder, ignore_errors=True)


def _close(running: Running) -> None:
    os.close(running.told)
    if running.process.stdin is not None:
        running.process.stdin.close()


def _last_line(path: Path) -> str:
    """Return the line of a failure, as the command line says it."""
    lines = path.read_text("utf-8", "replace")[-8192:].strip().splitlines() or ["it ended without a word"]
    return one_line(lines[-1].removeprefix("overflight: "))


def _case_folder(root: Path, case: str) -> str:
    from overflight.serve.cases import find_case  # noqa: PLC0415 - cases know of jobs too

    return str(find_case(root, case)) if case else ""
