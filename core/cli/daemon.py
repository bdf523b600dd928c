"""The scheduler's process: one watches a data root, others stand by and take over.

``python -m core.cli.daemon`` beside a desk, ``afterclose scheduler`` on a server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from core.errors import EXIT_DONE, EXIT_INTERRUPTED, AftercloseError, BusyError
from core.journal import Journal, locks
from core.platform.determinism import single_threaded
from core.platform.processes import MODULE, die_with
from core.platform.storage import nearest_folder
from core.request import settings as configuration
from core.request.settings import Settings
from core.runs.log import RunLog
from core.schedule.scheduler import LOG, Scheduler, utc_clock

LOCK = "scheduler"
TICK_S = 5.0


def watch(
    load: Callable[[], Settings],
    *,
    standing_by: Callable[[str], None] = lambda _: None,
) -> None:
    """Watch the clock until the process ends; while another process does, wait for its end.

    Nothing is written, not even the lock, before there is a journal: a desk that only looks leaves no trace.
    """
    settings = load()
    while not Journal.exists(settings.data, settings.journal):
        time.sleep(TICK_S)
        settings = load()
    holder = str(os.getpid())
    with locks.hold(settings.data, LOCK, holder, journal=settings.journal, waiting=standing_by):
        scheduler = Scheduler(load)
        port = int(settings["observe_metrics_port"] or 0)
        if port:
            from core.queries.operations.prometheus import serve

            serve(load, utc_clock, port)
        while True:
            tick(scheduler, settings, utc_clock())
            time.sleep(TICK_S)


def look_once(load: Callable[[], Settings], now: datetime) -> None:
    """Look at the clock once, unless another process watches: its clock may be another one."""
    settings = load()
    if not Journal.exists(settings.data, settings.journal):
        return
    holder = str(os.getpid())
    with (
        suppress(BusyError),
        locks.hold(settings.data, LOCK, holder, journal=settings.journal, waiting=None),
    ):
        Scheduler(load).tick(now)


def tick(scheduler: Scheduler, settings: Settings, now: datetime) -> None:
    """Look at the clock once; a fault is logged while it is new, and the next look comes all the same."""
    try:
        scheduler.tick(now)
    except (AftercloseError, OSError) as error:
        trouble = str(error)
    except Exception as error:  # noqa: BLE001 - a scheduler that ends starts nothing any more, and tells nobody
        trouble = f"unexpected {type(error).__name__}: {error}"
    else:
        trouble = ""
    if trouble and trouble != scheduler.trouble:
        RunLog(settings.data, LOG).write("scheduler_trouble", level="error", reason=trouble)
    scheduler.trouble = trouble


def beside_this_process() -> int | None:
    """Start a scheduler that ends with this process, and return its pid; None where nothing can be written."""
    if not os.access(nearest_folder(configuration.load().data), os.W_OK):
        return None
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, *MODULE, "core.cli.daemon"],
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - called from a process of one thread
    )
    return child.pid


def main() -> int:
    """Watch until a signal ends it."""
    single_threaded()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_DONE))
    try:
        watch(configuration.load)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except AftercloseError as error:
        print(f"afterclose: the scheduler ended: {error}", file=sys.stderr)
        return error.exit_code
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
