"""Everything that the routes share: one object a process."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from overflight.serve.access import Access
from overflight.serve.audit import Audit
from overflight.serve.events import Hub
from overflight.serve.jobs import Jobs
from overflight.serve.jobs_runner import Runner
from overflight.serve.limits import Limits
from overflight.serve.metrics import Metrics
from overflight.serve.passes import Passes
from overflight.serve.predictions import Predictor
from overflight.serve.settings import Settings
from overflight.serve.store import Store
from overflight.serve.watch import Watch


@dataclass(slots=True, kw_only=True)
class Service:
    """The parts of a running service.

    Attributes
    ----------
    stopping : set when the process has been told to stop.
    watch : None in each of several processes.
    """

    settings: Settings
    store: Store
    access: Access
    passes: Passes
    audit: Audit
    metrics: Metrics
    limits: Limits
    jobs: Jobs
    runner: Runner
    hub: Hub
    predictor: Predictor
    stopping: threading.Event
    watch: Watch | None = None


def assembled(settings: Settings, stopping: threading.Event) -> Service:
    """Open what a service needs; nothing of it runs yet."""
    store = Store.open(settings.folder, settings.store)
    jobs = Jobs(store)
    return Service(
        settings=settings, store=store, jobs=jobs, stopping=stopping,
        access=Access(store, is_loopback=settings.is_loopback),
        passes=Passes(settings.key), audit=Audit(settings.folder), metrics=Metrics(), limits=Limits(settings.rate),
        runner=Runner(jobs, settings, max(1, settings.jobs // settings.workers)),
        hub=Hub(store, stopping), predictor=Predictor(settings.winds, settings.wind_bytes),
    )  # fmt: skip
