"""The alarm for what did not happen: no verified report of a session by its hour.

It does not rest on the scheduler: ``afterclose deadman`` asks the same from cron, also on a machine where
nothing ever started.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from core.errors import AftercloseError, ParameterError, nearest
from core.journal import Journal, Run
from core.journal.schedules import Schedules
from core.request.settings import Settings
from core.runs.log import RunLog
from core.sources.closing import closes_between, zone_of
from core.store.checkpoints import Slot, Store

_PAGE = 100
_BACK_DAYS = 31


@dataclass(frozen=True)
class Deadline:
    """The last moment (UTC) by which a report was due, the session it is about, and that session's close."""

    at: datetime
    session: date
    closed_at: datetime


def last_deadline(settings: Settings, now: datetime) -> Deadline | None:
    """Return the newest deadline that is past at ``now``, None if none is set.

    Deadlines are on session days of ``[market] calendar``, at ``[schedule] deadline`` in
    ``[schedule] deadline_zone`` (empty: the exchange's own); each is about the last session closed by then.

    Raises
    ------
    ParameterError
        If hour, zone or calendar are none.
    """
    text = str(settings["schedule_deadline"] or "")
    if not text:
        return None
    hour, calendar = _hour(text), str(settings["calendar"])
    zone = _zone(str(settings["schedule_deadline_zone"] or ""), calendar)
    today = now.astimezone(zone).date()
    closes = closes_between(calendar, today - timedelta(days=_BACK_DAYS), today)
    for day, _ in reversed(closes):
        at = datetime.combine(day, hour, zone).astimezone(UTC)
        closed = [(session, close) for session, close in closes if close <= at]
        if at <= now and closed:
            return Deadline(at, *closed[-1])
    return None


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(
            f"[schedule] deadline is {text!r}", expected="a time of day such as 18:00, or nothing"
        ) from error


def _zone(name: str, calendar: str) -> ZoneInfo:
    if name and name not in available_timezones():
        raise ParameterError(
            f"[schedule] deadline_zone is {name!r}",
            expected="a name such as Europe/Berlin, or nothing for the exchange's own",
            remedy=nearest(name, available_timezones()).strip(),
        )
    return ZoneInfo(name) if name else zone_of(calendar)


def verified_report(settings: Settings, deadline: Deadline) -> Run | None:
    """Return a run since the session's close whose report is there and whole, None if there is none.

    A live source's answer must reach the session; what files and the sample end with is theirs to say.
    """
    if not Journal.exists(settings.data, settings.journal):
        return None
    journal = Journal(settings.data, settings.journal, read_only=True)
    since, offset = deadline.closed_at.isoformat(timespec="milliseconds"), 0
    while page := journal.runs(limit=_PAGE, offset=offset):
        for run in page:
            if run.created_at >= since and _verified(settings, run, deadline.session):
                return run
        if page[-1].created_at < since:
            return None
        offset += _PAGE
    return None


def _verified(settings: Settings, run: Run, session: date) -> bool:
    key = run.keys.get("report")
    if key is None or run.target != "report" or run.state != "succeeded":
        return False
    store = Store(settings.data)
    try:
        report, ingest = store.meta(Slot("report", key)), store.meta(Slot("ingest", run.keys["ingest"]))
        if report is None or store.damage(Slot("report", key)) is not None:
            return False
    except (AftercloseError, KeyError):
        return False
    parameters = ingest.body["parameters"] if ingest is not None else {}
    live = bool(parameters) and not parameters.get("input_digest")
    return not live or str(parameters.get("end") or "") >= session.isoformat()


def missing(settings: Settings, now: datetime) -> Deadline | None:
    """Return the last deadline if no verified report met it, not even late; None if all is well."""
    deadline = last_deadline(settings, now)
    return deadline if deadline is not None and verified_report(settings, deadline) is None else None


def sentence(settings: Settings, deadline: Deadline) -> str:
    """Return what is missing, for a person."""
    zone = _zone(str(settings["schedule_deadline_zone"] or ""), str(settings["calendar"]))
    local = deadline.at.astimezone(zone)
    return (
        f"no verified report of session {deadline.session} by {local:%Y-%m-%d %H:%M} ({zone.key}) "
        f"in {settings.data}"
    )


def tell_if_missing(
    settings: Settings, now: datetime, log: RunLog, *, since: str | None = None
) -> str | None:
    """Tell once per session that its report is missing; return the sentence, None if all is well.

    Parameters
    ----------
    since : str, optional
        Deadlines before this moment (UTC, ISO) are not told: there was nobody to meet them.
    """
    from core.notices import notify

    deadline = missing(settings, now)
    if deadline is None or (since is not None and deadline.at.isoformat() < since):
        return None
    text = sentence(settings, deadline)
    if not _first_time(settings, deadline, text):
        return text
    log.write("no_report", level="error", session=str(deadline.session), reason=text)
    trouble = notify(settings, "no_report", f"No report of {deadline.session}", text)
    if trouble:
        log.write("notice_trouble", level="warning", reason=trouble)
    return text


def _first_time(settings: Settings, deadline: Deadline, text: str) -> bool:
    """Return whether this was not told before; where that cannot be known it is told again."""
    if not Journal.exists(settings.data, settings.journal):
        return True
    try:
        journal = Schedules(settings.data, settings.journal)
        return journal.raise_alarm(f"no_report {deadline.session}", text)
    except (AftercloseError, OSError):
        return True
