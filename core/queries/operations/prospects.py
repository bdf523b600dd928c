"""Whether a schedule can ever bring anything new, and why not where it cannot. Read-only."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.errors import ParameterError
from core.journal.schedules import PAUSED
from core.parameters import Value
from core.paths import is_there, typed_path
from core.queries.operations.schedules import trouble
from core.report.formatting import counted
from core.request.profiles import PROFILE
from core.request.roots import check_path
from core.request.settings import Settings
from core.request.stages import parameters_of, stage_named
from core.schedule.coverage import Range, coverage
from core.schedule.definition import Schedule
from core.schedule.freshness import STALE, watched
from core.schedule.timing import ARRIVAL
from core.sources import MOVING
from core.sources.addresses.address import names_address

FILES, SAMPLE = "files", "sample"
RECENT_DAYS = 21
"""A source without one of the sessions of three weeks has ended: no exchange is closed for so long."""

PAUSED_NOTE = "It is paused: nothing starts until it is resumed."
SAMPLE_NOTE = (
    "It reads the embedded sample, which ends in 2013: every run makes the same report again. "
    "Choose files that grow, or a live source."
)
NO_SESSION_NOTE = "Its calendar knows no session ahead at which it would be due: it never starts."


def doubts(settings: Settings, schedule: Schedule, now: datetime) -> list[str]:
    """Return why a schedule can bring nothing new as it stands, a sentence each; nothing where it can.

    What is known without reading prices: a profile or calendar that is gone, a pause, no session ahead, one fixed end,
    the sample, files that are not there, and by its newest report data that ended long ago.
    """
    wrong = trouble(settings, schedule)
    if wrong:
        return [wrong]
    sentences = [PAUSED_NOTE] if schedule.state == PAUSED else []
    if schedule.timing.text != ARRIVAL and not schedule.timing.upcoming(now, 1):
        sentences.append(NO_SESSION_NOTE)
    values = _values(settings, schedule)
    if end := schedule.request.get("end"):
        sentences.append(f"Each run ends with {end}, whatever comes later: clear the end.")
    if values["source"] == SAMPLE:
        return [*sentences, SAMPLE_NOTE]
    missing = _missing_file(settings, values)
    if missing:
        return [*sentences, missing]
    return sentences if schedule.timing.text == ARRIVAL else [*sentences, *_ended(settings, schedule, now)]


def _values(settings: Settings, schedule: Schedule) -> dict[str, Value]:
    under = settings.under(schedule.request.get(PROFILE, ""))
    names = parameters_of([stage_named("ingest")])
    return {name: schedule.request.get(name) or under[name] for name in names if not names[name].resolved}


def _missing_file(settings: Settings, values: dict[str, Value]) -> str:
    path = str(values.get("path") or "")
    if values["source"] != FILES or names_address(path):
        return ""
    if not path:
        return "It reads files, and no file or folder is named."
    try:
        check_path(path, settings, parameter="path")  # whether a file is there is a piece of it
    except ParameterError as error:
        return str(error)
    return "" if is_there(typed_path(path)) else f"{path} is not there: each run is refused until it is."


def _ended(settings: Settings, schedule: Schedule, now: datetime) -> list[str]:
    """Return that the data behind its newest report ended, where a run has looked since and found nothing later."""
    standing = next((row for row in watched(settings, now) if row.schedule == schedule.name), None)
    if standing is None or standing.state != STALE or not standing.last_session:
        return []
    behind = f", {counted(standing.behind, 'session')} behind" if standing.behind else ""
    sentence = (
        f"What it reads ends with {standing.last_session}{behind}, and the last run found no later session: "
        "until the data grow, every run makes the same report again."
    )
    return [sentence]


def ended_source(settings: Settings, schedule: Schedule, now: datetime) -> str:
    """Return that the files of a schedule hold none of the sessions of the last three weeks; empty where they do.

    The files are read for it, so it is asked before a schedule is set, not at each look at the page. A live source is
    not asked.

    Raises
    ------
    AftercloseError
        If the files cannot be read.
    """
    values = _values(settings, schedule)
    if values["source"] in MOVING or values["source"] == SAMPLE or schedule.timing.text == ARRIVAL:
        return ""
    request = {name: text for name, text in schedule.request.items() if name != "end"}
    span = Range((now - timedelta(days=RECENT_DAYS)).date().isoformat(), now.date().isoformat(), request, 1)
    covered = coverage(settings, span, now)
    if set(covered.sessions) - covered.missing or covered.unanswered:
        return ""
    days = covered.sessions
    return (
        f"The file holds none of the {len(days)} sessions from {days[0]} to {days[-1]}: "
        "it has ended, and until it grows every run makes the same report again."
    )
