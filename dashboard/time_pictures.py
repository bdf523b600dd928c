"""Time as pictures: the last runs of a profile stage by stage, and its last sessions as a strip.

Both are links of HTML: nothing is loaded for them, and each cell is reached by keyboard.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode

from core.queries.operations.profile_history import NOT_MADE, PastRun, SessionDay
from core.queries.runs.run_labels import run_name
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


def grid(runs: Sequence[PastRun]) -> str:
    """Return the runs side by side, oldest first: how long each took as a bar, and a square for each stage."""
    if not runs:
        return ""
    longest = max((run.took_s for run in runs if run.took_s), default=1.0)
    names = "".join(f"<span>{name.replace('_', ' ')}</span>" for name in NAMES)
    columns = "".join(_run(run, longest) for run in runs)
    number = "Last run" if len(runs) == 1 else f"Last {len(runs)} runs"
    return titled(
        f"{number}, {'the longest ' if len(runs) > 1 else ''}{longest:,.0f} s",
        f'<div class="run-grid" role="group" aria-label="{number} by stage, oldest first">'
        f'<div class="stage-names" aria-hidden="true">{names}</div>{columns}</div>',
    )


def titled(title: str, picture: str) -> str:
    """Return a picture below the words that say what it shows."""
    return f'<div class="picture-title">{escape(title)}</div>{picture}'


def _run(past: PastRun, longest: float) -> str:
    took = f"{past.took_s:,.1f} s" if past.took_s is not None else "no length"
    height = 100 * (past.took_s or 0) / longest
    spoken = f"{run_name(past.run.run_id)}, {past.run.state}, {took}"
    by_stage = {view.stage: view for view in past.stages}
    squares = "".join(cells.square(by_stage[name].state if name in by_stage else "not run") for name in NAMES)
    detail = "\n".join(cells.words_of(view) for view in past.stages)
    return (
        f'<a class="run-column" href="run?{urlencode({"run": past.run.run_id})}" target="_self" '
        f'aria-label="Run {escape(spoken)}" title="{escape(spoken)}\n{escape(detail)}">'
        f'<span class="took"><i style="height:{max(height, 4):.0f}%"></i></span>{squares}</a>'
    )


def strip(days: Sequence[SessionDay], profile: str) -> str:
    """Return sessions side by side, the oldest first; each leads to its report or run, or to filling it in."""
    cells_ = "".join(_to_day(day, profile) for day in days)
    label = f"Last {len(days)} sessions of {escape(profile)}, oldest first"
    if not days:
        return ""
    ends = "".join(f"<span>{day.session}</span>" for day in (days[0], days[-1]))
    return (
        f'<div class="strip"><div class="session-strip" role="group" aria-label="{label}">{cells_}</div>'
        f'<div class="ends" aria-hidden="true">{ends}</div></div>'
    )


def _to_day(day: SessionDay, profile: str) -> str:
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
        f'<a class="day d-{kind}" href="{escape(address)}" target="_self" title="{escape(says)}" '
        f'aria-label="{escape(says)}"></a>'
    )


_ORDER = ("published", "signed", "made", "now", "care", "bad", "nothing", "none")


def _legend_of_days(states: Iterable[str]) -> str:
    """Return what the looks of days in these states mean; states that look alike share an entry."""
    by_kind: dict[str, set[str]] = {}
    for state in states:
        by_kind.setdefault(_KINDS.get(state, "made"), set()).add(state.replace("_", " "))
    days = "".join(
        f'<span><i class="day d-{kind}"></i>{escape(", ".join(sorted(by_kind[kind])))}</span>'
        for kind in sorted(by_kind, key=_ORDER.index)
    )
    return f'<div class="legend">{days}</div>'


def legends(runs: Iterable[PastRun], days: Sequence[SessionDay]) -> str:
    """Return what the squares and days that are drawn mean, in a line where there is room; nothing of no other."""
    stages = {view.state for run in runs for view in run.stages}
    parts = (
        ("Stages", cells.legend(stages), stages),
        ("Sessions", _legend_of_days(d.state for d in days), days),
    )
    entries = "".join(f"<b>{name}</b>{legend}" for name, legend, used in parts if used)
    return f'<div class="legends">{entries}</div>'
