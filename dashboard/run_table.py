"""The table of runs, the one way in which runs are listed: heads, sorting, ticks, stages as squares, duration as a bar.

It is a table of HTML: read out as one, walked through by keyboard, and on a phone each row is a card. Its script only
carries ticks and presses to the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import streamlit as st

from core.queries.operations.run_table import RunRow
from core.queries.runs.progress import asked_for, describe_error, in_short
from core.queries.runs.run_labels import run_mark, run_name
from core.request.profiles import PROFILE
from dashboard import cells, compact, pressable

SCRIPT = "run_table.js"
_HEADS = {
    "Run": "started", "Profile": "profile", "Session": "session", "State": "state", "Stages": "",
    "Duration": "duration", "Outcome": "", "Report": "", "Started by": "who",
}  # fmt: skip
"""Head -> what it sorts by; empty for a head that does not."""


@dataclass(frozen=True)
class Order:
    """How the rows are sorted."""

    by: str = "started"
    ascending: bool = False


@dataclass(frozen=True)
class Pressed:
    """What a person did in the table: the runs that are ticked, and the run whose link was pressed (empty: none)."""

    ticked: tuple[str, ...]
    opened: str


def with_ticks(
    rows: Sequence[RunRow], key: str, order: Order, *, cleared: int, sort: Callable[[str], None]
) -> Pressed:
    """Draw the table with a box to tick before each row.

    Parameters
    ----------
    key : str
        Of the component.
    cleared : int
        When it changes, nothing is ticked any more.
    sort : callable
        Called with what a head sorts by when it is pressed, before the page is drawn again.
    """

    def pressed() -> None:
        by = st.session_state[f"{key}-ticks"].get("sort")
        if by:
            sort(str(by))

    compact.draw(f"<style>body .st-key-{key} {{ --rows: {len(rows)}; }}</style>")  # its height from the start
    with st.container(key=key):
        result = pressable.table(SCRIPT, "runs-place")(
            key=f"{key}-ticks",
            data={"html": markup(rows, order), "cleared": cleared},
            default={"ticked": []},
            on_ticked_change=lambda: None,
            on_sort_change=pressed,
            on_open_change=lambda: None,
        )
    here = [row.run.run_id for row in rows]
    ticked = [str(each) for each in result.get("ticked") or []]
    return Pressed(tuple(each for each in here if each in ticked), str(result.get("open") or ""))


def markup(rows: Sequence[RunRow], order: Order) -> str:
    """Return the table as HTML; nothing that comes from a run is markup."""
    longest = max((row.took_s for row in rows if row.took_s is not None), default=0.0)
    every = '<input type="checkbox" data-every aria-label="Tick all runs shown">'
    heads = [f'<th role="columnheader" class="tick">{every}</th>']
    left_out = "Started by" if started_by_all(rows) else ""
    heads += [_head(name, by, order) for name, by in _HEADS.items() if name != left_out]
    body = "".join(_row(row, longest, left_out) for row in rows)
    return (
        '<div class="wrapped run-table"><table role="table"><thead><tr role="row">'
        f"{''.join(heads)}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def started_by_all(rows: Sequence[RunRow]) -> str:
    """Return who started the runs and how, where that is one answer for several; it needs no column then."""
    starters = {(row.run.who, row.run.how) for row in rows}
    return ", ".join(*starters) if len(rows) > 1 and len(starters) == 1 else ""


def _head(name: str, by: str, order: Order) -> str:
    if not by:
        return f'<th role="columnheader" scope="col">{name}</th>'
    now = order.by == by
    direction = ("ascending" if order.ascending else "descending") if now else "none"
    arrow = ("↑" if order.ascending else "↓") if now else "↕"
    return (
        f'<th role="columnheader" scope="col" aria-sort="{direction}"><button type="button" data-sort="{by}" '
        f'data-keep="sort-{by}">{name} <span aria-hidden="true">{arrow}</span></button></th>'
    )


def _row(row: RunRow, longest: float, left_out: str) -> str:
    run_id = escape(row.run.run_id)
    tick = (
        f'<td role="cell" class="tick"><input type="checkbox" data-run="{run_id}" data-keep="tick-{run_id}" '
        f'aria-label="Tick run {run_id}"></td>'
    )
    parts = {
        "Run": _name(row), "Profile": _profile(row),
        "Session": compact.unbroken(row.session) if row.session else _nothing(),
        "State": compact.badge(row.run.state), "Stages": cells.line(row.stages), "Duration": _bar(row, longest),
        "Outcome": _outcome(row), "Report": _report(row), "Started by": _who(row),
    }  # fmt: skip
    filled = "".join(
        f'<td role="cell" data-label="{name}"><div>{markup}</div></td>'
        for name, markup in parts.items()
        if name != left_out
    )
    kinds = " ".join(["again"] if row.attempt and row.attempt.number < row.attempt.of else [])
    return f'<tr role="row" class="{kinds}">{tick}{filled}</tr>'


def _nothing() -> str:
    return '<span class="quiet" aria-label="none">–</span>'


def _quiet(text: str) -> str:
    return f'<span class="quiet" title="{escape(text)}">{escape(text)}</span>'


def _cut(text: str) -> str:
    """Return text in one line, cut where there is no room; the whole is shown on hover."""
    return f'<span class="cut" title="{escape(text)}">{escape(text)}</span>'


def _name(row: RunRow) -> str:
    """Return what a run is called: the link; below its id's end, tags and attempt."""
    run = row.run
    asked_at = run_name(run.run_id)
    link = (
        f'<a href="run?run={quote(run.run_id)}" target="_self" class="to-page" data-run="{escape(run.run_id)}" '
        f'data-keep="open-{escape(run.run_id)}" title="Run {escape(run.run_id)}">'
        f"{escape(row.annotation.name or asked_at)}</a>"
    )
    below = [_quiet(asked_at)] if row.annotation.name else []
    below += [f'<span class="tag">{escape(tag)}</span>' for tag in row.annotation.tags]
    if row.annotation.note:
        below.append(f'<span class="tag note" title="{escape(row.annotation.note)}">note</span>')
    if row.attempt:
        below.append(_quiet(f"attempt {row.attempt.number} of {row.attempt.of}"))
    if row.aside:
        below.append(_quiet("put aside"))
    below.append(f'<code title="{escape(run.run_id)}">{escape(run_mark(run.run_id))}</code>')
    return f'{link}<div class="below">{"".join(below)}</div>'


def _profile(row: RunRow) -> str:
    request = {name: text for name, text in row.run.request.items() if name != PROFILE}
    differing = {
        name: text for name, text in request.items() if text != row.session
    } or request  # its own column has it
    whole, short = asked_for(request), asked_for({name: _last_part(text) for name, text in differing.items()})
    quiet = f'<span class="quiet" title="{escape(whole)}">{escape(short.removeprefix("source files, path "))}</span>'
    return f'{_cut(row.profile)}<div class="below cut">{quiet}</div>'


def _last_part(text: str) -> str:
    """Return the name of a file in place of its path, which would leave no room for anything else.

    >>> _last_part("/srv/prices/daily.csv"), _last_part("24/7"), _last_part("s3://bucket/a.csv")
    ('daily.csv', '24/7', 's3://bucket/a.csv')
    """
    return text.rstrip("/").rpartition("/")[2] if text.startswith("/") else text


def _bar(row: RunRow, longest: float) -> str:
    if row.took_s is None:
        return _nothing()
    share = 100 * row.took_s / longest if longest else 0
    return (
        f'<span class="number">{row.took_s:,.1f} s</span>'
        f'<div class="bar" aria-hidden="true"><i style="width:{max(share, 1):.0f}%"></i></div>'
    )


def _outcome(row: RunRow) -> str:
    """Return what came of a run: its verdict, or why it came to nothing."""
    if row.run.error and not row.run.active:
        error = describe_error(row.run)
        return f'<span class="two-lines bad" title="{escape(error)}">{escape(in_short(error))}</span>'
    return compact.badge(row.report.verdict) if row.report.verdict else _nothing()


def _report(row: RunRow) -> str:
    state = row.report.report_state
    return compact.badge(state.replace("_", " ")) if state else _nothing()


def _who(row: RunRow) -> str:
    return f'{_cut(row.run.who)}<div class="below">{_quiet(row.run.how)}</div>'
