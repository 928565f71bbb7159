"""What a service is told when it starts; checked once, handed to every process of it."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from overflight.errors import InvalidInput

ENVIRONMENT = "_OVERFLIGHT_SERVICE"
"""How worker processes are told; no option of a person."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of a service.

    Attributes
    ----------
    folder : Path. Where everything is kept: store, jobs, cases, audit log.
    store : str. URL of a PostgreSQL for jobs and tokens, or "" for a file in the folder.
    winds : str. Winds of predictions, and of jobs that name none.
    host, port : where to listen; port 0 takes a free one.
    workers : processes that answer.
    jobs : jobs that run at once, over all workers.
    job_hours : a job that takes longer is ended. [h]
    most_queued : jobs that may wait.
    keep_days : how long ended jobs are kept; investigations stay. [d]
    rate : requests a second of one client, over a minute's mean; 0 is no limit.
    body_bytes : the largest body of a request.
    wind_bytes : memory for packed winds of predictions, of each worker.
    origins : other origins whose pages may ask.
    hosts : names by which the service is asked, beside those of loopback.
    log : "all" requests, or "problems".
    sondehub, mqtt, follow : what the watch takes in.
    key : signs passes; another at each start.
    """

    folder: Path
    store: str = ""
    winds: str = "gfs"
    host: str = "127.0.0.1"
    port: int = 8700
    workers: int = 1
    jobs: int = 2
    job_hours: float = 6.0
    most_queued: int = 100
    keep_days: float = 30.0
    rate: float = 100.0
    body_bytes: int = 32 * MIB
    wind_bytes: int = 2048 * MIB
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    log: str = "all"
    sondehub: bool = False
    mqtt: tuple[str, ...] = ()
    follow: tuple[Path, ...] = ()
    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    def __post_init__(self) -> None:
        """Refuse origins that are none."""
        for origin in self.origins:
            scheme, sign, rest = origin.partition("://")
            if scheme not in ("http", "https") or not sign or not rest or "/" in rest or "*" in rest:
                raise InvalidInput("--origin", repr(origin), "scheme and host, as https://map.example.org")

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can ask."""
        return is_loopback(self.host)

    def to_environment(self) -> None:
        """Leave the settings where worker processes find them."""
        data = {name: _plain(value) for name, value in asdict(self).items()}
        os.environ[ENVIRONMENT] = msgspec.json.encode(data).decode()

    @staticmethod
    def from_environment() -> Settings:
        """Return the settings that the first process left."""
        data: dict[str, Any] = msgspec.json.decode(os.environ[ENVIRONMENT])
        given = {one.name: data[one.name] for one in fields(Settings)}
        for name in ("origins", "hosts", "mqtt"):
            given[name] = tuple(given[name])
        return Settings(**{**given, "folder": Path(data["folder"]), "follow": tuple(map(Path, data["follow"]))})


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def is_loopback(host: str) -> bool:
    """Say whether an address is this machine's own and nobody else's."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def made(folder: Path) -> Path:
    """Make the folder of a service, for its owner alone, and return it.

    Raises
    ------
    InvalidInput
        It cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("jobs", "cases"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise InvalidInput("--folder", f"{folder} ({problem.strerror})", "a folder that can be written") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput("--folder", f"{folder} (Permission denied)", "a folder that can be written")
    return folder
