"""What could go wrong here and what to do about it: one finding for each thing looked at.

Nothing is written, and nothing is sent but one question to a live source: looking must be safe at any moment.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from core.errors import AftercloseError, SourceError, listed
from core.journal import Journal
from core.journal.runs_and_drafts import ENDED
from core.journal.schedules import ACTIVE, Schedules
from core.platform.program import program
from core.platform.storage import local_folder, nearest_folder, writable
from core.queries.operations import machine
from core.queries.operations.machine import Check, State
from core.report.formatting import bytes_text, counted
from core.request import settings as configuration
from core.request.known_profiles import KnownProfiles
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.ledger_check import ledger_faults
from core.review.makers import meant_by
from core.runs.profile import HOW_TO_READ_LATER_FILES, later_file
from core.schedule.definition import whole_and_damaged
from core.sources import LIVE

LIBRARIES = ("luigi", "streamlit", "pandas", "scikit-learn", "exchange_calendars", "peewee")
LITTLE_BYTES = 2 * 1024**3
"""Less free room than this is a warning: a run of 250,000 rows writes about 200 MB."""

LEAST_BYTES = 200 * 1024**2

MOST_SOURCES = 10
"""So many profiles' sources are looked at: a file is read once for its digest."""

PATIENCE_S = 5.0
"""Seconds that a live source has for its answer: a person waits."""

FAILED_IN_A_ROW = 3
"""A schedule whose last so many runs came to nothing will not mend by itself."""


def check(
    now: datetime, load: Callable[[], Settings] = configuration.load, *, ask: bool = True
) -> list[Check]:
    """Return a finding for each thing that runs rest on; without a usable configuration the rest is left out.

    Parameters
    ----------
    ask : bool
        Whether a live source is asked for the last days of one ticker, once and for a few seconds.
    """
    checks = [_versions()]
    try:
        settings = load()
    except AftercloseError as error:
        return [
            *checks,
            Check("configuration", "wrong", str(error), "Correct it; nothing else can be judged."),
        ]
    checks.append(_configuration(settings))
    looks: dict[str, Callable[[], Check]] = {
        "clock": lambda: machine.clock(settings, now),
        "time zone": lambda: machine.time_zone(settings, now, os.environ),
        "locale": lambda: machine.language(os.environ),
        "storage": lambda: _storage(settings),
        "permissions": lambda: machine.permissions(settings),
        "secrets": lambda: machine.secrets(settings, os.environ),
        "disk": lambda: _disk(settings, now),
        "locks": lambda: _locks(settings),
        "journal": lambda: _journal(settings),
        "runs": lambda: _runs(settings),
        "scheduler": lambda: _scheduler(settings, now),
        "schedules": lambda: _schedules(settings),
        "report": lambda: _report(settings, now),
        "source": lambda: _sources(settings, now, ask=ask),
        "port": machine.port,
    }
    return [*checks, *(_looked(subject, look) for subject, look in looks.items())]


def _configuration(settings: Settings) -> Check:
    """Return which file is in force; a profile that cannot be used stops nothing but what asks for it."""
    if settings.profile_faults:
        faults = " ".join(str(fault) for _, fault in sorted(settings.profile_faults.items()))
        return Check("configuration", "warning", faults, "Correct the profile; the others go on.")
    return Check("configuration", "ok", str(settings.file or "defaults only: there is no luigi.cfg"))


def _looked(subject: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except AftercloseError as error:
        return Check(subject, "wrong", error.problem, error.remedy or f"Expected: {error.expected}.")
    except OSError as error:
        return Check(subject, "wrong", str(error), "Check the path and who may read and write it.")


def _versions() -> Check:
    there, missing = [_program(), f"Python {platform.python_version()}"], []
    for name in LIBRARIES:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("versions", "wrong", f"not installed: {', '.join(missing)}", "Run: make dashboard")
    if (python := machine.python_version()) is not None:
        return python
    if sys.platform != "linux":
        return Check("versions", "warning", f"{sys.platform} is not supported", "Use Linux.")
    return Check("versions", "ok", ", ".join(there))


def _program() -> str:
    """Return version and, from a checkout, commit of the program that runs."""
    facts = program()
    commit = (
        f" ({facts['commit'][:12]}{', files changed since' if facts['dirty'] else ''})"
        if facts["commit"]
        else ""
    )
    return f"afterclose {facts['version']}{commit}"


def _storage(settings: Settings) -> Check:
    where = local_folder(settings.data)
    if not os.access(nearest_folder(settings.data), os.W_OK | os.X_OK):
        return Check(
            "storage",
            "wrong",
            f"{where} cannot be written",
            "Nothing can be run; check its owner and the mount.",
        )
    if not where.exists():
        return Check("storage", "ok", f"{where} is not there yet; the first run makes it")
    return Check("storage", "ok", f"{where} can be written")


def _disk(settings: Settings, now: datetime) -> Check:
    """Return how much room there is, and how long it lasts if the root grows as in the last 30 days."""
    free = shutil.disk_usage(nearest_folder(settings.data)).free
    says = f"{bytes_text(free)} free"
    trend = machine.days_of_room(settings, now, free)
    if trend is not None:
        says += f"; {bytes_text(int(trend[0]))} more a day, enough for {counted(int(trend[1]), 'day')}"
    if free >= LITTLE_BYTES and (trend is None or trend[1] >= machine.TREND_DAYS):
        return Check("disk", "ok", says)
    state: State = "wrong" if free < LEAST_BYTES else "warning"
    return Check("disk", state, says, "Make room: afterclose gc lists what is not needed any more.")


def _locks(settings: Settings) -> Check:
    from core.errors import BusyError
    from core.journal import locks

    if not local_folder(settings.data).exists() or not writable(settings.data):
        return Check("locks", "ok", "none: nothing has run here that could be looked at")
    try:
        with locks.hold(settings.data, "launch", str(os.getpid()), journal=settings.journal, waiting=None):
            return Check("locks", "ok", "free")
    except BusyError as error:
        return Check("locks", "warning", error.problem, "A run is being started; look again in a minute.")


def _journal(settings: Settings) -> Check:
    lost = Journal.lost(settings.data, settings.journal)
    if lost:
        return Check("journal", "wrong", lost, "Restore a backup: afterclose restore BACKUP")
    faults = ledger_faults(settings)[1]
    if faults:
        return Check("journal", "wrong", faults[0], "Find out who changed it, then restore a backup.")
    journal = Journal.find(settings.data, settings.journal)
    if journal is None:
        return Check("journal", "ok", "none yet; the first run makes it")
    decisions = len(journal.records())
    return Check(
        "journal",
        "ok",
        f"{counted(journal.count_runs(), 'run')}, {counted(decisions, 'decision')}, ledger whole",
    )


def _runs(settings: Settings) -> Check:
    journal = Journal.find(settings.data, settings.journal)
    newest = next(iter(journal.runs(limit=1)), None) if journal else None
    if newest is not None and newest.state in ("failed", "interrupted"):
        return Check(
            "runs", "warning", f"the newest, {newest.run_id}, {newest.state}: {newest.error}",
            f"See why: afterclose show {newest.run_id}",
        )  # fmt: skip
    return Check("runs", "ok", f"the newest {newest.state}" if newest else "none yet")


def _scheduler(settings: Settings, now: datetime) -> Check:
    from core.queries.operations.schedules import overview

    schedules = overview(settings, now)
    active = [each for each in schedules["schedules"] if each["state"] == "active"]
    broken = [each for each in schedules["schedules"] if each["trouble"] and each["state"] != "paused"]
    if broken:
        names = " ".join(each["name"] for each in broken)
        return Check(
            "scheduler", "wrong", "; ".join(f"schedule {each['name']}: {each['trouble']}" for each in broken),
            f"Correct luigi.cfg, or remove what cannot run ({names}): afterclose schedules remove NAME",
        )  # fmt: skip
    if active and not schedules["watched"] and not schedules["looked_in_time"]:
        return Check(
            "scheduler", "wrong", f"{counted(len(active), 'active schedule')} and nobody watches the clock",
            "Start the desk (make dashboard), on a server: afterclose scheduler, in cron: afterclose scheduler --once",
        )  # fmt: skip
    return Check("scheduler", "ok", schedules["scheduler"] if active else "no active schedule")


def _schedules(settings: Settings) -> Check:
    """Return which active schedules came to nothing again and again, each with its newest reason."""
    journal = Schedules.find(settings.data, settings.journal)
    if journal is None:
        return Check("schedules", "ok", "none")
    whole, _ = whole_and_damaged(journal.each_schedule())  # the check of the scheduler names the others
    active = [schedule.name for schedule in whole if schedule.state == ACTIVE]
    stale = []
    for name in active:
        past = [due for due in journal.occurrences(name) if due.state in (*ENDED, "refused", "no data")]
        if len(past) >= FAILED_IN_A_ROW and not any(
            due.state == "succeeded" for due in past[:FAILED_IN_A_ROW]
        ):
            stale.append(
                f"{name} ({past[0].state}: {past[0].note or past[0].run_id or 'no reason recorded'})"
            )
    if stale:
        says = f"nothing came of the last {FAILED_IN_A_ROW} times of {listed(stale)}"
        return Check(
            "schedules", "warning", says, "See: afterclose schedules show NAME; then afterclose show RUN"
        )
    says = counted(len(active), "active schedule") if active else "none"
    earlier = [s.name for s in whole if not s.meaning and meant_by(settings, s.request)]
    if earlier:
        says += f"; what the profile of {listed(earlier)} stood for when it was set is not on record: set it again"
        return Check("schedules", "ok", says, "afterclose schedules change NAME")
    return Check("schedules", "ok", says)


def _report(settings: Settings, now: datetime) -> Check:
    """Return how the profiles stand that ``deadman`` asks about, with or without a schedule."""
    from core.schedule.freshness import FRESH, NONE, freshness

    rows = freshness(settings, now)
    behind = [row for row in rows if row.state != FRESH]
    if behind:
        first = behind[0]
        nothing_ran = (
            first.state == NONE and first.schedule is None
        )  # nor does anybody know its profile by name
        remedy = f"Look at what it reads, then: afterclose run --profile {first.profile}"
        remedy = "Run: afterclose run" if nothing_ran else remedy
        return Check("report", "warning", "; ".join(row.sentence for row in behind), remedy)
    return Check("report", "ok", "; ".join(row.sentence for row in rows))


def _sources(settings: Settings, now: datetime, *, ask: bool) -> Check:
    """Return whether what profiles read is there, and which without a section read an earlier file than the last."""
    present = _sources_there(settings, now, ask=ask)
    later = list(filter(None, map(later_file, KnownProfiles(settings.data).entries())))
    if not later:
        return present
    rest = f"; so with {len(later) - MOST_SOURCES} more" if len(later) > MOST_SOURCES else ""
    says = "; ".join([present.says, *later[:MOST_SOURCES]]) + rest
    return replace(present, says=says, remedy=present.remedy or HOW_TO_READ_LATER_FILES)


def _sources_there(settings: Settings, now: datetime, *, ask: bool) -> Check:
    """Return whether what the profiles read is there, or what a run without one reads where there is none."""
    names = sorted(settings.profiles)
    if not names:
        return _source("", settings, now, ask=ask)
    checks = [
        _looked("source", partial(_source, name, settings, now, ask=ask)) for name in names[:MOST_SOURCES]
    ]
    worst = max(checks, key=lambda check: ("ok", "warning", "wrong").index(check.state))
    rest = f"; {len(names) - MOST_SOURCES} more were not looked at" if len(names) > MOST_SOURCES else ""
    says = "; ".join(
        f"profile {name}: {check.says}"
        for name, check in zip(names, checks, strict=False)
        if check.state == worst.state
    )
    return replace(worst, says=says + rest)


def _source(profile: str, settings: Settings, now: datetime, *, ask: bool) -> Check:
    from core.runs.resolve import resolve

    request = {PROFILE: profile} if profile else {}
    values = resolve(request, settings=settings, now=now, upto="ingest")
    source = str(values["source"])
    if source not in LIVE:
        what = f"{values['path']} ({source})" if values["path"] else source
        return Check("source", "ok", f"{what} is there")
    if not ask:
        return Check("source", "ok", f"{source} can be planned up to {values['end']} (it was not asked)")
    return _answer_of(source, str(values["tickers"]), str(values["end"]), settings)


def _answer_of(source: str, tickers: str, end: str, settings: Settings) -> Check:
    from core.sources.live_probe import newest_session
    from core.store.ticker_lists import expand

    ticker = expand(tickers, settings.data)[0]
    try:
        newest = newest_session(source, ticker, end, timeout_s=PATIENCE_S)
    except SourceError as error:
        remedy = "Check the network and a proxy if there is one; runs ask again with patience."
        return Check("source", "wrong", f"{source}, asked for {ticker}: {error.problem}", remedy)
    if newest is None or newest < end:
        says = f"{source} has {ticker} up to {newest or 'no session of late'}, and {end} has closed"
        return Check("source", "warning", says, f"Wait an hour, or see whether {ticker} still trades.")
    return Check("source", "ok", f"{source} answers: it has {ticker} up to {newest}")
