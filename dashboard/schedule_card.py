"""One schedule as it is drawn: when it runs next, what came of it, and why it can bring nothing new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Any
from urllib.parse import quote

from core.queries.operations.prospects import PAUSED_NOTE, SAMPLE_NOTE
from core.queries.operations.schedule_form import rule_words
from core.queries.operations.schedule_history import PastTime, span, until
from core.queries.operations.schedules import clock
from core.queries.runs.progress import asked_for, describe_error, in_short
from core.queries.runs.run_labels import run_name
from core.request.profiles import PROFILE
from dashboard import cells, compact
from dashboard.wrapped import Drawn

ON_TIME_S = 900.0
"""As in :mod:`core.schedule.catch_up`: a start this soon after it was due is not late."""

DAY = 14
"""Characters of a day as :func:`core.queries.operations.schedules.clock` writes it."""


def head(entry: dict[str, Any], profile: str = "", *, futile: bool = False) -> str:
    """Return name, state, profile, rule and what else it asks for in one line; ``futile``: it can bring nothing new."""
    state = "nothing new" if futile and entry["state"] == "active" else entry["state"]
    more = {name: text for name, text in entry["request"].items() if not (profile and name == PROFILE)}
    parts = (
        f"profile {profile}" if profile else "", rule_words(entry["when"]), entry["calendar"],
        asked_for(more) if more else "",
    )  # fmt: skip
    return (
        f'<div class="schedule-head"><span class="schedule-name">{escape(entry["name"])}</span>'
        f"{compact.badge(state)}{compact.quiet(' · '.join(filter(None, parts)))}</div>"
    )


def summary(entries: Sequence[dict[str, Any]], now: datetime) -> str:
    """Return in a sentence how many schedules there are, and which runs next."""
    states = Counter(str(entry["state"]) for entry in entries)
    counts = ", ".join(f"{number:,} {state}" for state, number in states.items())
    coming = min(
        (entry for entry in entries if entry["next"]), key=lambda entry: entry["next"][0], default=None
    )
    if coming is None:
        return f"{counts}. None has a next time."
    at = datetime.fromisoformat(coming["next"][0])
    return f"{counts}. Next: {coming['name']}, {coming['next_local'][0]}, {until(at, now)}."


def facts(entry: dict[str, Any], past: Sequence[PastTime], now: datetime, local: tzinfo | None) -> str:
    """Return the next run in the operator's zone and the exchange's, those after it, and the last result with the
    times before as dots.
    """
    after = list(map(str, entry["next_local"]))[1:]
    value, below = _last(past, local)
    facts_ = [
        ("Next run", *_next(entry, now)),
        *([("Then", *_then(after))] if after else []),
        ("Last result", value, f"{below}{dots(past)}{_counted(past)}" if past else below),
    ]
    return f'<div class="schedule-facts">{"".join(_fact(*each) for each in facts_)}</div>'


def _then(after: Sequence[str]) -> tuple[str, str]:
    """Return the days of further runs, and the time of day that they share; without a shared one their times."""
    hours = {at[DAY:].strip() for at in after}
    texts = [at[:DAY] if len(hours) == 1 else at for at in after]
    days = "".join(f"<span>{compact.unbroken(text)}</span>" for text in texts)
    return f'<span class="days">{days}</span>', f"each at {escape(min(hours))}" if len(hours) == 1 else ""


def _fact(label: str, value: str, below: str) -> str:
    return (
        f'<div><div class="label">{label}</div><div class="value">{value}</div>'
        f'<div class="below">{below}</div></div>'
    )


def _next(entry: dict[str, Any], now: datetime) -> tuple[str, str]:
    if not entry["next"]:
        return (
            ("none", "paused: nothing starts until it is resumed")
            if entry["state"] == "paused"
            else ("when data arrive", "its source is watched")
        )
    at, local = datetime.fromisoformat(entry["next"][0]), str(entry["next_local"][0])
    # the day stands above, unless it is another one there
    there = str(entry["next_exchange"][0]).removeprefix(f"{local[:DAY]} ")
    return compact.unbroken(local), escape(f"{until(at, now)}, {there} at the exchange")


def _last(past: Sequence[PastTime], local: tzinfo | None) -> tuple[str, str]:
    if not past:
        return "none yet", "not due since it was set"
    newest = past[0]
    verdict = newest.row.report.verdict if newest.row else ""
    error = describe_error(newest.row.run) if newest.row and newest.row.run.error else newest.due.note or ""
    why = verdict or in_short(error).partition(". ")[0]
    session = f"session {newest.due.session}" if newest.due.session else "as it came"
    due = clock(datetime.fromisoformat(newest.due.due_at), local)
    what = " · ".join(filter(None, [compact.unbroken(session), escape(why)]))
    return compact.badge(newest.due.state), f"<div>{what}</div><div>due {escape(due)}</div>"


def dots(past: Sequence[PastTime]) -> str:
    """Return past times as squares, the oldest first; each leads to its run."""
    squares = "".join(map(_dot, past[::-1]))
    return f'<span class="squares times" role="group" aria-label="Past times, oldest first">{squares}</span>'


def _dot(past: PastTime) -> str:
    due = past.due
    at = f"due {due.due_at[:16].replace('T', ' ')} UTC"
    session = f"session {due.session}" if due.session else ""
    says = ", ".join(filter(None, [at, session, due.state, late_words(past), due.note]))
    square = cells.square(due.state)
    if past.row is None:
        return f'<span role="img" title="{escape(says)}" aria-label="{escape(says)}">{square}</span>'
    return (
        f'<a href="run?run={quote(past.row.run.run_id)}" target="_self" class="to-page" title="{escape(says)}" '
        f'aria-label="{escape(says)}">{square}</a>'
    )


def _counted(past: Sequence[PastTime]) -> str:
    counts: dict[str, int] = {}
    for each in past:
        counts[each.due.state] = counts.get(each.due.state, 0) + 1
    late = sum(1 for each in past if (each.late_s or 0) > ON_TIME_S)
    words = [f"{number} {state}" for state, number in counts.items()] + (
        [f"{late} started late"] if late else []
    )
    first, last = past[-1].due.due_at[:10], past[0].due.due_at[:10]
    span_ = compact.unbroken(f"{first} to {last}" if first != last else last)
    return f"<div>{escape(', '.join(words))}</div><div>{span_}</div>"


def late_words(past: PastTime) -> str:
    """Return how late a run started, ``on time`` within a quarter of an hour; empty where none started."""
    if past.late_s is None:
        return ""
    return "on time" if past.late_s <= ON_TIME_S else f"{span(past.late_s)} late"


def history(past: Sequence[PastTime], local: tzinfo | None) -> dict[str, list[object]]:
    """Return past times as columns of a table, the newest first."""
    return {
        "Due": [clock(datetime.fromisoformat(each.due.due_at), local) for each in past],
        "Session": [each.due.session or "as it came" for each in past],
        "State": [Drawn(compact.badge(each.due.state)) for each in past],
        "Run": [Drawn(_run(each)) for each in past],
        "Verdict": [each.row.report.verdict if each.row else "" for each in past],
        "Report": [Drawn(_report(each)) for each in past],
        "Started": [late_words(each) for each in past],
        "Ready after": [span(each.ready_s) if each.ready_s is not None else "" for each in past],
        "Note": [each.due.note or "" for each in past],
    }


def _run(past: PastTime) -> str:
    if past.row is None:
        return ""
    run_id = past.row.run.run_id
    return (
        f'<a href="run?run={quote(run_id)}" target="_self" class="to-page" title="Run {escape(run_id)}" '
        f'aria-label="Run {escape(run_id)}">{escape(run_name(run_id))}</a>'
    )


def _report(past: PastTime) -> str:
    state = past.row.report.report_state if past.row else ""
    return compact.badge(state.replace("_", " ")) if state else ""


CHANGE = "change"
"""In the address: the schedule whose form is to be open."""


def warnings(sentences: Sequence[str], to_change: str = "") -> str:
    """Return why a schedule can bring nothing new, a line each, and the way to change it (``to_change``: its name);
    empty where it can, or where only its pause stops it: that stands in its place of the next run.
    """
    sentences = [text for text in sentences if text != PAUSED_NOTE]
    if not sentences:
        return ""
    what = "Change the source" if sentences == [SAMPLE_NOTE] else "Change the schedule"
    address = f"schedules?{CHANGE}={quote(to_change)}"
    way = f'<a href="{address}" target="_self" class="press">{what}</a>' if to_change else ""
    if len(sentences) == 1:
        words = f"<strong>Nothing new will come.</strong> {escape(sentences[0])}"
    else:
        lines = "".join(f"<li>{escape(text)}</li>" for text in sentences)
        words = f"<strong>Nothing new will come</strong><ul>{lines}</ul>"
    return f'<div class="schedule-doubt" role="note"><div>{words}</div>{way}</div>'
