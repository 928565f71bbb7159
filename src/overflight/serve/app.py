"""The application: its routes put together behind one door, its parts started and stopped with it."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

from overflight import __version__
from overflight.serve import regions as regions_of
from overflight.serve import watch
from overflight.serve.door import Door, JsonLines
from overflight.serve.problems import install
from overflight.serve.routes import cases, collections, jobs, page, predictions, regions, state
from overflight.serve.service import Service, assembled
from overflight.serve.settings import Settings

LOG = logging.getLogger("overflight.serve")
THREADS = 40
STOPPING = threading.Event()
"""Set by the signal that stops this process."""


def application(settings: Settings, stopping: threading.Event | None = None) -> FastAPI:
    """Return the application of a service."""
    service = assembled(settings, stopping or threading.Event())
    if settings.workers == 1:  # of several processes none has it, as it lives in one alone
        service.watch = watch.start(settings)
    app = FastAPI(
        title="overflight", version=__version__, docs_url=None, redoc_url=None, lifespan=_lifespan(service),
        description="Where a high-altitude balloon went, over whom, and how sure one can be.",
        separate_input_output_schemas=False,
    )  # fmt: skip
    for router in (state.router(service), predictions.router(service), jobs.router(service), cases.router(service),
                   regions.router(), collections.router(service)):  # fmt: skip
        app.include_router(router)
    if service.watch is not None:
        app.include_router(service.watch.router)
    page.install(app)
    install(app)
    app.add_middleware(Door, settings=settings, access=service.access, passes=service.passes,
                       audit=service.audit, metrics=service.metrics, limits=service.limits)  # fmt: skip
    return app


def from_environment() -> FastAPI:
    """Return the application in a process that another has started."""
    settings = Settings.from_environment()
    log_lines(settings)
    atexit.register(_leave)
    return application(settings, STOPPING)


def _leave() -> None:
    """End at once after an orderly stop: a thread that still compiles or reads winds may hold a lock of HDF5.

    The interpreter freezes such threads when it ends, and would then wait for that lock for ever.
    """
    if STOPPING.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def log_lines(settings: Settings) -> None:
    """Send the log of this process to standard error, a line of JSON each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("overflight", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == "overflight" else logging.WARNING)


def _lifespan(service: Service) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if threading.current_thread() is threading.main_thread():
            _end_on_signals(service)
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        service.runner.start()
        threading.Thread(target=_warm, args=(service,), name="warm", daemon=True).start()
        try:
            yield
        finally:
            service.stopping.set()
            await anyio.to_thread.run_sync(service.runner.stop)
            if service.watch is not None:
                await anyio.to_thread.run_sync(service.watch.stop)
            service.store.close()
            service.audit.close()

    return lifespan


def _end_on_signals(service: Service) -> None:
    """Take note of a signal before the server does, which waits for open streams; jobs end meanwhile."""

    def noted(then: Any) -> Callable[[int, FrameType | None], None]:
        def take(number: int, frame: FrameType | None) -> None:
            service.stopping.set()
            service.runner.end()
            if service.watch is not None:
                service.watch.hub.end()
            if callable(then):
                then(number, frame)

        return take

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, noted(signal.getsignal(number)))


def _warm(service: Service) -> None:
    """Compile, pack and draw before the first who ask need it."""
    try:
        why = service.predictor.warm()
        LOG.info("winds", extra={"what": {"winds": service.settings.winds, "missing": why}})
        regions_of.features(regions_of.COUNTRIES, regions_of.USUAL, regions_of.place())
        LOG.info("regions")
    except Exception:  # who asks will meet it again, and be answered with it
        LOG.exception("warm")
