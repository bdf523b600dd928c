"""Time as pictures: the last runs of a profile stage by stage, and its last sessions as a calendar.

Both are links of HTML: nothing is loaded for them, and each cell is reached by keyboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from urllib.parse import urlencode

from core.queries.operations.profile_history import NOT_MADE, PastRun, SessionDay
from core.request.stages import NAMES
from dashboard import cells

FILL = "fill"
"""In the address of Schedules: the profile of which a session is to be filled in."""

_KINDS = {
    "published": "published", "signed": "signed", "failed": "bad", "damaged": "bad", "missing": "bad",
    "rejected": "bad", "running": "now", "no data": "nothing", NOT_MADE: "none", "stale": "care",
    "in_review": "care", "changes_requested": "care", "revoked": "care",
}  # fmt: skip
"""State of a session -> how its day looks; any other (a draft) is made and waits."""

_LEGEND = ("published", "signed", "draft", "stale", "failed", "no data", NOT_MADE)
_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def grid(runs: Sequence[PastRun]) -> str:
    """Return the runs side by side, oldest first: how long each took as a bar, and a square for each stage."""
    longest = max((run.took_s for run in runs if run.took_s), default=1.0)
    names = "".join(f"<span>{name.replace('_', ' ')}</span>" for name in NAMES)
    columns = "".join(_run(run, longest) for run in runs)
    top = f"<span>{longest:,.0f} s</span>" if runs else ""
    return (
        f'<div class="run-grid" role="group" aria-label="Last {len(runs)} runs by stage, oldest first">'
        f'<div class="stage-names" aria-hidden="true">{top}{names}</div>{columns}</div>'
    )


def _run(past: PastRun, longest: float) -> str:
    took = f"{past.took_s:,.1f} s" if past.took_s is not None else "no length"
    height = 100 * (past.took_s or 0) / longest
    started = (past.run.started_at or past.run.created_at)[:16].replace("T", " ")
    spoken = f"{started} UTC, {past.run.state}, {took}"
    by_stage = {view.stage: view for view in past.stages}
    squares = "".join(cells.square(by_stage[name].state if name in by_stage else "not run") for name in NAMES)
    detail = "\n".join(cells.words_of(view) for view in past.stages)
    return (
        f'<a class="run-column" href="run?{urlencode({"run": past.run.run_id})}" target="_self" '
        f'aria-label="Run {escape(spoken)}" title="{escape(spoken)}\n{escape(detail)}">'
        f'<span class="took"><i style="height:{max(height, 4):.0f}%"></i></span>{squares}</a>'
    )


def calendar(days: Sequence[SessionDay], profile: str) -> str:
    """Return sessions week by week, Monday first; each leads to its report or run, or to filling it in."""
    if not days:
        return ""
    first = date.fromisoformat(days[0].session)
    weekend = any(date.fromisoformat(day.session).weekday() > 4 for day in days)
    rows = 7 if weekend else 5
    names = "".join(f'<span style="grid-row:{at + 2}">{_WEEK[at]}</span>' for at in range(rows))
    monday = first.toordinal() - first.weekday()
    months, parts = dict[str, int](), []
    for day in days:
        at = date.fromisoformat(day.session)
        column = (at.toordinal() - monday) // 7 + 2
        months.setdefault(f"{at:%Y-%m}", column)
        parts.append(_day(day, at, column, profile))
    parts += _months(months)
    return (
        f'<div class="sessions" role="group" aria-label="Last {len(days)} sessions of {escape(profile)}">'
        f"{names}{''.join(parts)}</div>"
    )


def _months(columns: dict[str, int]) -> list[str]:
    """Return the months over the columns in which they begin; the year once, and none that the next would lie on."""
    starts = sorted(columns.items())
    apart = [
        each
        for each, after in zip(starts, [*starts[1:], None], strict=True)
        if not after
        or after[1] - each[1] > (2 if each is starts[0] else 1)  # the first has the year beside it
    ]
    texts = [
        f"{date.fromisoformat(f'{month}-01'):{'%b' if at else '%b %Y'}}"
        for at, (month, _) in enumerate(apart)
    ]
    return [
        f'<span class="month" style="grid-column:{column}">{text}</span>'
        for text, (_, column) in zip(texts, apart, strict=True)
    ]


def _day(day: SessionDay, at: date, column: int, profile: str) -> str:
    return _to_day(day, profile, f"grid-column:{column};grid-row:{at.weekday() + 2}", str(at.day))


def strip(days: Sequence[SessionDay], profile: str) -> str:
    """Return sessions side by side, the oldest first; each leads where its day in the calendar does."""
    cells_ = "".join(_to_day(day, profile, "", "") for day in days)
    label = f"Last {len(days)} sessions of {escape(profile)}, oldest first"
    if not days:
        return ""
    ends = "".join(f"<span>{day.session}</span>" for day in (days[0], days[-1]))
    return (
        f'<div class="strip"><div class="session-strip" role="group" aria-label="{label}">{cells_}</div>'
        f'<div class="ends" aria-hidden="true">{ends}</div></div>'
    )


def _to_day(day: SessionDay, profile: str, place: str, text: str) -> str:
    kind, state = _KINDS.get(day.state, "made"), day.state.replace("_", " ")
    if kind in ("none", "nothing"):
        address = f"schedules?{urlencode({FILL: profile, 'session': day.session})}"
        says = f"{day.session}: {state}. Fill it in"
    elif kind in ("bad", "now"):
        address, says = f"run?{urlencode({'run': day.run_id})}", f"{day.session}: {state}. Open the run"
    else:
        address = f"report?{urlencode({'profile': profile, 'session': day.session})}"
        says = f"{day.session}: {state}. Open the report"
    return (
        f'<a class="day d-{kind}" style="{place}" href="{escape(address)}" '
        f'target="_self" title="{escape(says)}" aria-label="{escape(says)}">{text}</a>'
    )


def legend() -> str:
    """Return what the looks of days mean."""
    days = "".join(
        f'<span><i class="day d-{_KINDS.get(state, "made")}"></i>{escape(state)}</span>' for state in _LEGEND
    )
    return f'<div class="legend">{days}</div>'


def legends() -> str:
    """Return what the squares of stages and the looks of days mean, in a line where there is room."""
    return f'<div class="legends"><b>Stages</b>{cells.legend()}<b>Sessions</b>{legend()}</div>'
