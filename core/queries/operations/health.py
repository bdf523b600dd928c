"""What could go wrong here and what to do about it: one finding for each thing looked at.

Nothing is written, and nothing is sent but one question to a live source: looking must be safe at any moment.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from core import __version__
from core.errors import AftercloseError, SourceError
from core.journal import Journal, chain_faults
from core.platform.objects import local_folder, writable
from core.request import settings as configuration
from core.request.settings import Settings

LIBRARIES = ("luigi", "streamlit", "pandas", "scikit-learn", "exchange_calendars", "peewee")
LITTLE_BYTES = 2 * 1024**3
"""Less free room than this is a warning: a run of 250,000 rows writes about 200 MB."""

LEAST_BYTES = 200 * 1024**2

PATIENCE_S = 5.0
"""Seconds that a live source has for its answer: a person waits."""

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, in a sentence, and what to do if it is not well."""

    subject: str
    state: State
    says: str
    remedy: str = ""


def check(
    now: datetime, load: Callable[[], Settings] = configuration.load, *, ask: bool = True
) -> list[Finding]:
    """Return a finding for each thing that runs rest on; without a usable configuration the rest is left out.

    Parameters
    ----------
    ask : bool
        Whether a live source is asked for the last days of one ticker, once and for a few seconds.
    """
    found = [_versions()]
    try:
        settings = load()
    except AftercloseError as error:
        return [
            *found,
            Finding("configuration", "wrong", str(error), "Correct it; nothing else can be judged."),
        ]
    found.append(Finding("configuration", "ok", str(settings.file or "defaults only: there is no luigi.cfg")))
    looks: dict[str, Callable[[], Finding]] = {
        "storage": lambda: _storage(settings),
        "disk": lambda: _disk(settings),
        "locks": lambda: _locks(settings),
        "journal": lambda: _journal(settings),
        "runs": lambda: _runs(settings),
        "scheduler": lambda: _scheduler(settings, now),
        "report": lambda: _report(settings, now),
        "source": lambda: _source(settings, now, ask=ask),
    }
    return [*found, *(_looked(subject, look) for subject, look in looks.items())]


def _looked(subject: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except AftercloseError as error:
        return Finding(subject, "wrong", error.problem, error.remedy or f"Expected: {error.expected}.")
    except OSError as error:
        return Finding(subject, "wrong", str(error), "Check the path and who may read and write it.")


def _versions() -> Finding:
    there, missing = [f"afterclose {__version__}", f"Python {platform.python_version()}"], []
    for name in LIBRARIES:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("versions", "wrong", f"not installed: {', '.join(missing)}", "Run: make dashboard")
    if sys.platform != "linux":
        return Finding("versions", "warning", f"{sys.platform} is not supported", "Use Linux.")
    return Finding("versions", "ok", ", ".join(there))


def _nearest(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _storage(settings: Settings) -> Finding:
    where = local_folder(settings.data)
    if not os.access(_nearest(where), os.W_OK | os.X_OK):
        return Finding(
            "storage",
            "wrong",
            f"{where} cannot be written",
            "Nothing can be run; check its owner and the mount.",
        )
    if not where.exists():
        return Finding("storage", "ok", f"{where} is not there yet; the first run makes it")
    return Finding("storage", "ok", f"{where} can be written")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_nearest(local_folder(settings.data))).free
    says = f"{free / 1024**3:,.1f} GB free"
    if free >= LITTLE_BYTES:
        return Finding("disk", "ok", says)
    state: State = "wrong" if free < LEAST_BYTES else "warning"
    return Finding("disk", state, says, "Make room: afterclose gc lists what is not needed any more.")


def _locks(settings: Settings) -> Finding:
    from core.errors import BusyError
    from core.journal import locks

    if not local_folder(settings.data).exists() or not writable(settings.data):
        return Finding("locks", "ok", "none: nothing has run here that could be looked at")
    try:
        with locks.held(settings.data, "launch", str(os.getpid()), journal=settings.journal, waiting=None):
            return Finding("locks", "ok", "free")
    except BusyError as error:
        return Finding("locks", "warning", error.problem, "A run is being started; look again in a minute.")


def _journal(settings: Settings) -> Finding:
    lost = Journal.lost(settings.data, settings.journal)
    if lost:
        return Finding("journal", "wrong", lost, "Restore a backup: afterclose restore BACKUP")
    if not Journal.exists(settings.data, settings.journal):
        return Finding("journal", "ok", "none yet; the first run makes it")
    journal = Journal(settings.data, settings.journal, read_only=True)
    faults = chain_faults(journal.records())
    if faults:
        return Finding("journal", "wrong", faults[0], "Find out who changed it, then restore a backup.")
    return Finding(
        "journal", "ok", f"{journal.count_runs():,} runs, {len(journal.records()):,} decisions, chain whole"
    )


def _runs(settings: Settings) -> Finding:
    if not Journal.exists(settings.data, settings.journal):
        return Finding("runs", "ok", "none yet")
    newest = next(iter(Journal(settings.data, settings.journal, read_only=True).runs(limit=1)), None)
    if newest is not None and newest.state in ("failed", "interrupted"):
        return Finding(
            "runs", "warning", f"the newest, {newest.run_id}, {newest.state}: {newest.error}",
            f"See why: afterclose show {newest.run_id}",
        )  # fmt: skip
    return Finding("runs", "ok", f"the newest {newest.state}" if newest else "none yet")


def _scheduler(settings: Settings, now: datetime) -> Finding:
    from core.queries.operations.schedules import overview

    shown = overview(settings, now)
    active = [one for one in shown["schedules"] if one["state"] == "active"]
    broken = [one for one in active if one["trouble"]]
    if broken:
        names = " ".join(one["name"] for one in broken)
        return Finding(
            "scheduler", "wrong", "; ".join(f"schedule {one['name']}: {one['trouble']}" for one in broken),
            f"Correct luigi.cfg, or remove what cannot run ({names}): afterclose schedules remove NAME",
        )  # fmt: skip
    if active and not shown["watched"]:
        return Finding(
            "scheduler", "wrong", f"{len(active)} active schedule(s) and nobody watches the clock",
            "Start the desk (make dashboard), or on a server: afterclose scheduler",
        )  # fmt: skip
    return Finding("scheduler", "ok", shown["scheduler"] if active else "no active schedule")


def _report(settings: Settings, now: datetime) -> Finding:
    from core.queries.operations.schedules import reading
    from core.schedule.deadman import missing, sentence

    journal = reading(settings)
    if journal is None or not any(stored.state == "active" for stored in journal.schedules()):
        return Finding("report", "ok", "none is expected: no active schedule")
    deadline = missing(settings, now)
    if deadline is not None:
        return Finding("report", "warning", sentence(settings, deadline), "Run it: afterclose run")
    return Finding("report", "ok", "the last session has a verified report")


def _source(settings: Settings, now: datetime, *, ask: bool) -> Finding:
    from core.runs.resolve import resolve

    values = resolve({}, settings=settings, now=now, upto="ingest")
    source = str(values["source"])
    if source != "yahoo":
        return Finding("source", "ok", f"{source} is there")
    if not ask:
        return Finding("source", "ok", f"{source} can be planned up to {values['end']} (it was not asked)")
    return _answer_of_yahoo(str(values["tickers"]), str(values["end"]), settings)


def _answer_of_yahoo(tickers: str, end: str, settings: Settings) -> Finding:
    from core.request.tickers import expand
    from core.sources.yahoo_probe import newest_session

    ticker = expand(tickers, settings.data)[0]
    try:
        newest = newest_session(ticker, end, timeout_s=PATIENCE_S)
    except SourceError as error:
        remedy = "Check the network and a proxy if there is one; runs ask again with patience."
        return Finding("source", "wrong", f"yahoo, asked for {ticker}: {error.problem}", remedy)
    if newest is None or newest < end:
        says = f"yahoo has {ticker} up to {newest or 'no session of late'}, and {end} has closed"
        return Finding("source", "warning", says, f"Wait an hour, or see whether {ticker} still trades.")
    return Finding("source", "ok", f"yahoo answers: it has {ticker} up to {newest}")
