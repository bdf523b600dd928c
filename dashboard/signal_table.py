"""The table of signals: rank, direction, probability as a bar around one half, change since the report before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.label import Label
from core.queries.models.recent_calls import RecentCalls, coin_toss_range
from core.queries.models.signal_changes import RankedSignal, ranked
from core.queries.reports import tables
from core.queries.runs.by_session import sessions
from core.registry.origins import session_of_run
from core.report.formatting import NA, chance, share
from dashboard import compact, data, shell, wrapped
from dashboard.charts.predictions import lean_svg
from dashboard.words import change

_LEAST_REACH = 0.05
"""The bars' scale unless a probability is further from one half: daily ones lie close to it."""


def draw(
    run: Run,
    body: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    recent: Mapping[str, RecentCalls] | None = None,
) -> None:
    """Draw the signals that ``body`` holds; without an evaluation their basis is left out.

    Parameters
    ----------
    recent : mapping, optional
        Ticker -> how often the last calls on it came true.
    """
    if not body["signals"]:
        st.caption("There are no signals: no model came out of this run.")
        return
    label = Label.of(body)
    session, earlier = _before(run, label)
    rows = ranked(body["signals"], earlier)
    columns = _columns(rows, label, session, recent or {})
    wrapped.table(columns, "signals_table", most_px=520, numbers=(label.chance,))
    sentences = [_when(rows, label), *([tables.signals_basis(evaluation)] if evaluation else [])]
    if recent and label.horizon_sessions == 1:
        sentences.append(_by_chance(max(each.calls for each in recent.values())))
    if any(sentences):
        st.caption(" ".join(filter(None, sentences)))


def _when(rows: Sequence[RankedSignal], label: Label) -> str:
    """Return after and for which session all signals are, in a sentence; empty where columns say it, as they differ."""
    moments = {(row.signal["after"], row.signal["session"]) for row in rows}
    if len(moments) > 1:
        return ""
    ((after, session),) = moments
    return f"After session {after}, {'for' if label.horizon_sessions == 1 else 'up to'} session {session}."


def _columns(
    rows: Sequence[RankedSignal], label: Label, session: str, recent: Mapping[str, RecentCalls]
) -> dict[str, Sequence[Any]]:
    dark = st.context.theme.type == "dark"
    reach = max([_LEAST_REACH, *(abs(row.probability - 0.5) for row in rows if row.probability is not None)])
    until = "For session" if label.horizon_sessions == 1 else "Up to session"
    columns: dict[str, Sequence[Any]] = {
        "Rank": ["" if row.rank is None else str(row.rank) for row in rows],
        "Ticker": [row.signal["ticker"] for row in rows],
        "Direction": [
            tables.DIRECTIONS.get(row.signal["direction"], row.signal["direction"]) for row in rows
        ],
        label.chance: [chance(row.probability) for row in rows],
        _around(reach): [wrapped.Drawn(_bar(row.probability, reach, dark=dark)) for row in rows],
    }
    if session:
        columns[f"Since {session}"] = [_change(row) for row in rows]
    if recent:
        columns["Came true"] = [_recent(recent.get(row.signal["ticker"])) for row in rows]
    if not _when(rows, label):
        columns["After session"] = [row.signal["after"] for row in rows]
        columns[until] = [row.signal["session"] for row in rows]
    if any(row.signal.get("reason") for row in rows):
        columns["Reason"] = [row.signal.get("reason") or "" for row in rows]
    return columns


def _around(reach: float) -> str:
    """Return the heading of the bars: what their ends stand for."""
    return f"{100 * (0.5 - reach):.3g}% 50% {100 * (0.5 + reach):.3g}%"


def _bar(probability: float | None, reach: float, *, dark: bool) -> str:
    if probability is None:
        return ""
    picture = compact.picture(lean_svg(probability, reach, dark=dark), f"{chance(probability)} of 100%")
    return f'<span class="forest">{picture}</span>'


def _by_chance(calls: int) -> str:
    """Return in a sentence how many of so many calls came true by chance alone.

    Calls that share their outcomes with their neighbours are right or wrong together: no count of tosses is theirs.
    """
    low, high = coin_toss_range(calls)
    return f"Came true: of the last {calls:,} calls a coin toss gets {low:,} to {high:,} right in 95 of 100 cases."


def _recent(calls: RecentCalls | None) -> str:
    return NA if calls is None else f"{calls.right:,} of {calls.calls:,} ({share(calls.share)})"


def _change(row: RankedSignal) -> str:
    if row.change is None:
        return NA
    now, before = chance(row.probability), chance(row.earlier)
    return f"{change(before, now) if row.change else 'no change'} (was {before})"


def _before(run: Run, label: Label) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Return session and signals of the report of the session before; nothing without one, or of another label."""
    settings = shell.settings()
    own = session_of_run(settings, run) or ""
    by_session = sessions(settings, shell.profile())
    before = next((session for session in by_session if session < own), "")
    try:
        earlier = shell.run_named(shell.journal(), by_session[before]) if before else None
        artifact = data.artifact_of(shell.store(), earlier.keys, "evaluation") if earlier else None
    except AftercloseError:
        return "", []  # that run's own page says what is damaged
    body = data.document(shell.store(), artifact) if artifact else None
    return (before, body["signals"]) if body and Label.of(body) == label else ("", [])
