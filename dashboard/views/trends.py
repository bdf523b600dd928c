"""Figures of a profile's reports over time, its usual range shaded; a click on a point leads to its run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.drift import WARN
from core.queries.runs.run_labels import run_mark
from core.queries.runs.trend_findings import auc_finding, drift_finding
from core.queries.runs.trends import (
    COLUMNS,
    MOST,
    ROWS_ADDED,
    LevelFigure,
    drift_by_session,
    level_figures,
    newest_by_session,
    with_earlier,
    with_rows_added,
)
from core.report.formatting import NA, minute, percentile
from dashboard import compact, data, shell, wrapped
from dashboard.charts import drift_figure, trend_figure
from dashboard.charts.look import CONFIG
from dashboard.charts.trends import ALONG, FEW_SESSIONS, colour_by_profile, hollow, pale, shaded

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 6
"""Profiles that are drawn unless others are chosen: as many as there are colours."""

RANGES = {"3 months": 92, "1 year": 366, "All": None}
"""Days before the newest point."""

_DRIFT = "trends-drift"

_OTHERWISE = {"rows": ROWS_ADDED}
"""Figures that are drawn by another: rows only grow, and by how much is what can be unusual."""


def page() -> None:
    """Lay out one chart for each figure, the drift of each column, and the table behind them."""
    journal = shell.journal()
    frame = data.trends(shell.settings(), journal) if journal else None
    if frame is None or frame.empty:
        st.info("No run has made a report yet. Start one on **Runs**.", icon=":material/info:")
        return
    finding = st.container(key="trends-finding")
    chosen, along = _chosen(frame)
    every = chosen
    with finding:
        _finding(every)
    if along == "to":
        chosen = newest_by_session(chosen)
    if len(chosen) == 1:
        _single(every)
        return
    _click_opens()
    points = {column: with_earlier(every, column) if along == "to" else every for column in COLUMNS}
    points["rows"] = (
        newest_by_session(every, "rows") if along == "to" else every
    )  # as many in each of a session
    drawn = {column: frame for column, frame in points.items() if frame[column].notna().any()}
    stayed = {column: level_figures(frame, column) for column, frame in drawn.items()}
    changing = {column: frame for column, frame in drawn.items() if not stayed[column]}
    if "rows" in changing:
        changing["rows"] = with_rows_added(changing["rows"])
    _legend(every)
    with st.grid(2, min_column_width=320):
        for column, frame in changing.items():
            _chart(frame, column, along)
    _explain(changing)
    _stayed(stayed)
    if empty := [label for column, label in COLUMNS.items() if column not in drawn]:
        st.caption(f"Without a value in these reports: {', '.join(empty)}.")
    _drift(chosen)
    with st.expander("All figures as a table", key="trends-more"):
        table = chosen.drop(columns="drift").assign(run=chosen["run"].map(run_mark))
        st.dataframe(table, hide_index=True, key="trends-table", placeholder=NA)


def _finding(reports: pd.DataFrame) -> None:
    """Draw first, of each profile, what its figures come to."""
    profiles = list(dict.fromkeys(reports["profile"]))
    for profile in profiles:
        own = reports[reports["profile"] == profile]
        head, rest = auc_finding(own)
        words = f"{rest} {drift_finding(own)}"
        if words.strip():
            name = f"{compact.quiet(profile)} " if len(profiles) > 1 else ""
            compact.draw(f"{name}<strong>{compact.words(head)}</strong>{compact.words(words)}")


def _legend(reports: pd.DataFrame) -> None:
    """Draw once, above all charts, which colour is whose; nothing of one profile."""
    colours = colour_by_profile(reports)
    if len(colours) > 1:
        entries = "".join(
            f'<span><i class="sq" style="background:{colour}"></i>{escape(name)}</span>'
            for name, colour in colours.items()
        )
        compact.draw(f'<div class="legend">{entries}</div>')


def _explain(changing: Mapping[str, pd.DataFrame]) -> None:
    """Draw what the marks in the charts mean: only of those that are there."""
    journal = shell.journal()
    many = journal is not None and journal.count_runs() > MOST
    marks = [
        "A click on a point opens its run." if changing else "",
        "Hollow points are runs that scored."
        if any(any(hollow(frame)) for frame in changing.values())
        else "",
        "Large diamonds are signed reports."
        if any(frame["signed"].any() for frame in changing.values())
        else "",
        "A shaded range holds 8 of 10 of the profile's own figures."
        if any(shaded(frame, _OTHERWISE.get(column, column)) for column, frame in changing.items())
        else "",
        "Pale points are earlier reports of a session."
        if any(any(pale(frame, column)) for column, frame in changing.items())
        else "",
        f"Of the newest {MOST} runs." if many else "",
    ]
    if words := " ".join(filter(None, marks)):
        st.caption(words)


def _stayed(several: Mapping[str, list[LevelFigure]]) -> None:
    """Draw what did not move as figures in a line: a level line would take a chart to say the same."""
    several_profiles = len({each.profile for levels in several.values() for each in levels}) > 1
    figures = [
        (
            f"{COLUMNS[column]} · {each.profile}" if several_profiles else COLUMNS[column],
            wrapped.Drawn(_level(f"level-{column}-{number}", each)),
        )
        for column, levels in several.items()
        for number, each in enumerate(levels)
    ]
    if figures:
        st.markdown("**Unchanged**")
        wrapped.figures(figures, "trends-level")


def _level(key: str, figure: LevelFigure) -> str:
    where = f"in each of {figure.reports:,} reports" if figure.reports > 1 else "in 1 report"
    return f'<span class="st-key-{key}">{compact.strong(_span(figure))} {compact.quiet(where)}</span>'


def _span(figure: LevelFigure) -> str:
    low, high = _figure(figure.low), _figure(figure.high)
    return low if low == high else f"{low} to {high}"


_NOTES = {
    "auc": "rises ranked above falls; 0.5 is a coin toss",
    "drift_percentile": "rank among past windows, of 100",
    "rows": "new since the last report",
}
"""What the lines across a chart, or its figures, are."""


def _chart(frame: pd.DataFrame, column: str, along: str) -> None:
    label, note = COLUMNS[column], _NOTES.get(column, "")
    with st.container():
        st.markdown(f"**{label}**{f' :small[:gray[· {note}]]' if note else ''}")
        figure = trend_figure(frame, _OTHERWISE.get(column, column), label, along=along)
        st.plotly_chart(
            figure, key=f"trend-{column}", config=CONFIG, alt=f"{label} of each report",
            on_select="rerun", selection_mode="points",
        )  # fmt: skip


def _chosen(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw the choices; return the rows of the chosen profiles and range, and the column of the axis."""
    names = list(dict.fromkeys(reversed(frame["profile"].tolist())))
    own = shell.profile()
    key = "trends-controls-many" if len(names) > 1 else "trends-controls"
    with st.container(horizontal=True, vertical_alignment="bottom", key=key):
        along, span = _one_of("Along", ALONG, "Session"), _one_of("Range", RANGES, "All")
        if len(names) > 1:
            first = own if own in names else names[0]  # chosen above: here only what stands beside it
            names = [first, *st.multiselect(
                "Beside", [name for name in names if name != first], key=f"trends-profiles-{own}",
                placeholder="Add a profile beside", max_selections=MOST_LINES - 1, width=360,
                label_visibility="collapsed",
            )]  # fmt: skip
    chosen, column = frame[frame["profile"].isin(names)], ALONG[along]
    days = RANGES[span]
    if days is None or chosen.empty:
        return chosen, column
    moments = chosen[column].astype(str).str[:10]
    since = (date.fromisoformat(moments.max()) - timedelta(days=days)).isoformat()
    return chosen[moments >= since], column


def _one_of(label: str, options: Mapping[str, object], default: str) -> str:
    chosen = st.segmented_control(
        label, list(options), default=default, required=True, key=f"trends-{label.lower()}",
        label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen)


def _click_opens() -> None:
    """Leave for the run of the point that was clicked, if one was."""
    for column in COLUMNS:
        chart = st.session_state.get(f"trend-{column}")
        points = chart["selection"]["points"] if chart else []
        if points and points[0].get("customdata"):
            about = points[0]["customdata"]
            st.session_state.pop(f"trend-{column}")
            shell.go("run", run=str(about[0] if isinstance(about, list) else about))


def _single(reports: pd.DataFrame) -> None:
    """Draw the figures of the reports of the only session: a line begins with the second."""
    session = reports["to"].iloc[0]
    st.info(f"One session so far, {session}: lines begin with the second.", icon=":material/info:")
    newest_first = reports.iloc[::-1]
    columns: dict[str, list[object]] = {
        "Run": [wrapped.Drawn(compact.link(minute(at.isoformat()), "run", str(run)))
                for at, run in zip(newest_first["at"], newest_first["run"], strict=True)],
        "Mode": newest_first["mode"].tolist(),
        **{label: [_figure(value) for value in newest_first[column]] for column, label in COLUMNS.items()},
        "Report": [wrapped.Drawn(compact.badge(str(word).replace("_", " "))) for word in newest_first["standing"]],
    }  # fmt: skip
    wrapped.table(columns, "trends-single")
    st.caption("The newest first. Times are UTC.")


def _figure(value: float | None) -> str:
    """Return a figure as it is read: a count whole, anything else with four digits."""
    if value is None or value != value:
        return NA
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.4g}"


def _drift(chosen: pd.DataFrame) -> None:
    """Draw how unusual each column was, session by session, of the one profile that is looked at."""
    if len(set(chosen["profile"])) > 1:
        return
    percentiles = drift_by_session(newest_by_session(chosen))
    if not percentiles.notna().any(axis=None):
        st.caption("Drift of each column: no report has enough history to rank it.")
        return
    highest = float(percentiles.max().max())
    # a map without a warning is quiet from corner to corner: one line says so, and it is there for who asks
    label = f"Drift of each column: at most {percentile(highest)}, where 95 is a warning"
    with st.expander(label, key=_DRIFT, expanded=highest >= WARN, on_change="rerun") as panel:
        if panel.open:
            _map(percentiles)


def _map(percentiles: pd.DataFrame) -> None:
    dark = st.context.theme.type == "dark"
    with st.grid(2 if len(percentiles.columns) <= FEW_SESSIONS else 1, min_column_width=360), st.container():
        figure = drift_figure(percentiles, dark=dark)
        st.plotly_chart(figure, key="trend-drift", config=CONFIG, alt="Drift of each column by session")
    st.caption(
        "Of 100 past windows, how many had drifted less than the latest one; empty where there was too little history."
    )


with shell.guarded():
    page()
