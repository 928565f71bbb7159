"""``overflight serve``, and its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, bytes_of, counted, measured
from overflight.cli.screen import say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.serve.settings import Settings
    from overflight.serve.store import Store

Folder = Annotated[Path, Parameter(help="Folder of the service: its store, jobs, cases, audit log.")]
StoreUrl = Annotated[
    str, Parameter(name="--store", help="PostgreSQL for jobs and tokens, as postgresql://user@host/base; else a file.")
]
FOLDER = Path("overflight-service")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a service, in the order of the help."""

    folder: Folder = FOLDER
    store: StoreUrl = ""
    winds: Annotated[
        str, Parameter(help="Winds of predictions, and of jobs that name none: file, folder, pattern or stored source.")
    ] = "gfs"
    host: Annotated[str, Parameter(help="Address to listen at; other than this machine's own needs a token.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, counted("Port; 0 takes a free one.", 0, 65_535)] = 8700
    sondehub: Annotated[bool, Parameter(negative="", help="Take in the balloons that SondeHub tells of.")] = False
    mqtt: Annotated[
        tuple[str, ...], Parameter(negative="", help="Take in an MQTT topic, once a URL: mqtt://host/topic.")
    ] = ()
    follow: Annotated[
        tuple[Path, ...], Parameter(negative="", help="Take in what is added to a file, once a file.")
    ] = ()
    workers: Annotated[int, counted("Processes that answer.", 1, 64)] = 1
    jobs: Annotated[int, counted("Jobs that run at once.", 1, 256)] = 2
    most_queued: Annotated[int, counted("Jobs that may wait.", 1, 1_000_000)] = 100
    job_hours: Annotated[float, measured("A job that takes longer is ended, h.", 0.001, 1000, "h")] = 6.0
    keep_days: Annotated[
        float, measured("How long ended jobs are kept, days; investigations stay.", 0.01, 36_500, "days")
    ] = 30.0
    rate: Annotated[float, measured("Requests a second of one client; 0 is no limit.", 0, 1e6, "a second")] = 100.0
    largest: Annotated[str, Parameter(help="Largest body of a request, as 32MiB.")] = "32MiB"
    memory: Annotated[str, Parameter(help="Memory for packed winds of predictions, a worker.")] = "2GiB"
    origin: Annotated[
        tuple[str, ...], Parameter(negative="", help="Another origin whose pages may ask, once each: https://host.")
    ] = ()
    name: Annotated[
        tuple[str, ...], Parameter(negative="", help="A name by which the service is asked, once each.")
    ] = ()
    log: Annotated[Literal["all", "problems"], Parameter(help="Log every request, or those that fail.")] = "all"


USUAL = Asked()


def serve(*, asked: Asked = USUAL) -> None:
    """Serve the API, the map and live balloons until stopped."""
    from overflight.serve.run import serve as run

    if asked.workers > 1 and (asked.sondehub or asked.mqtt or asked.follow):
        got, hint = f"{asked.workers} with live balloons", "serve them from a folder of their own"
        raise InvalidInput("--workers", got, "1: the watch lives in one process", hint=hint)
    run(settings(asked), say)


def settings(asked: Asked) -> Settings:
    """Return the settings of a service from its options."""
    from overflight.serve.settings import Settings

    return Settings(
        folder=asked.folder.resolve(), store=asked.store, winds=_absolute(asked.winds), host=asked.host,
        port=asked.port, workers=asked.workers, jobs=asked.jobs, most_queued=asked.most_queued,
        job_hours=asked.job_hours, keep_days=asked.keep_days, rate=asked.rate,
        body_bytes=bytes_of(asked.largest, "--largest"), wind_bytes=bytes_of(asked.memory), origins=asked.origin,
        hosts=asked.name, log=asked.log, sondehub=asked.sondehub, mqtt=asked.mqtt,
        follow=tuple(path.resolve() for path in asked.follow),
    )  # fmt: skip


def _absolute(winds: str) -> str:
    """Return winds as jobs find them too, which run in folders of their own."""
    from overflight.winds.open import is_stored

    return winds if is_stored(winds) else str(Path(winds).expanduser().absolute())


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Store]:
    """Open the store of a service."""
    from overflight.serve.settings import made
    from overflight.serve.store import Store

    store = Store.open(made(folder), url)
    try:
        yield store
    finally:
        store.close()


def token_(
    name: Annotated[str, Parameter(help="Whose it is.")],
    *,
    role: Annotated[
        Literal["read", "report", "investigate", "administer"],
        Parameter(help="What it allows; each role holds those before it."),
    ],
    days: Annotated[
        float | None, measured("How long it holds, days; without, until it is revoked.", 0.001, 36_500, "days")
    ] = None,
    folder: Folder = FOLDER,
    store: StoreUrl = "",
    json: Json = False,
) -> None:
    """Make a token, and show it this once; a service that has tokens asks everybody for one."""
    from overflight.serve.access import make_token
    from overflight.serve.audit import Audit

    with opened(folder, store) as kept:
        made = make_token(kept, name, role, days)
        Audit(folder).write(made_token=name, role=role, days=days)
    say_json({"name": name, "role": role, "token": made}) if json else say(made)


def tokens_(*, folder: Folder = FOLDER, store: StoreUrl = "", json: Json = False) -> None:
    """List the tokens of a service, by name and role."""
    from overflight.serve.access import tokens

    with opened(folder, store) as kept:
        found = tokens(kept)
    if json:
        say_json(found)
        return
    for one in found:
        say(
            f"{one['name']:<24} {one['role']:<12} made {one['made_at']}"
            + (f", until {one['expires_at']}" * bool(one["expires_at"]))
        )
    if not found:
        say("no tokens")


def revoke_(
    name: Annotated[str, Parameter(help="Whose it is.")], *, folder: Folder = FOLDER, store: StoreUrl = ""
) -> None:
    """Take a token back; it is refused a few seconds later."""
    from overflight.serve.access import revoke_token
    from overflight.serve.audit import Audit

    with opened(folder, store) as kept:
        revoke_token(kept, name)
        Audit(folder).write(revoked_token=name)
    say(f"revoked: {name}")
