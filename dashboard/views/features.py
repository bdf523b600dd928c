"""Features: what each input is worth and whether it moved; one over time; its windows, and how all hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core import columns as col
from core.queries.models.track_record import evaluation_settings
from core.queries.reports import tables
from core.queries.reports.feature_list import (
    USUAL,
    FeatureRow,
    feature_list,
    in_short,
    other_reasons,
    plain_words,
)
from core.report.formatting import NA
from core.tickers import file_name
from dashboard import compact, data, plugin_feature, shell, wrapped
from dashboard.charts import correlation_figure, feature_figure, windows_figure
from dashboard.charts.look import CONFIG
from dashboard.data import ALL
from dashboard.subject import Subject, subject
from dashboard.words import literal

_WARM_UP = {
    "feature": "Feature",
    "warm_up": "Sessions needed first",
    "first": "First value",
    "empty": "Rows without a value",
    "gaps": "Of them after the warm-up",
    "definition": "Definition",
}


def show() -> None:
    """Draw the page, or say what is missing."""
    about = subject(("features",), ("evaluation",), what="features")
    if about is None:
        return
    evaluation = (
        data.document(about.store, about.artifacts["evaluation"]) if "evaluation" in about.artifacts else {}
    )
    listed = _every(about, evaluation)
    st.subheader("One feature over time", anchor=_PICTURES)
    ticker, feature, sessions = _pickers(about)
    if feature not in listed:  # what an input is stands in the table above
        text = data.definitions(about.store, about.artifacts["features"]).get(feature)
        st.caption(f"`{feature}`: {text}." if text else f"`{feature}`")
    plugin_feature.show(about.store, about.artifacts["features"], feature)
    _over_time(about, ticker, feature, sessions, _window_sessions(evaluation))
    of = st.segmented_control(
        "Distribution and correlation for", [ticker, ALL], default=ALL, required=True, key="of"
    )
    windows, correlation = st.columns(2, gap="medium")
    with windows:
        _windows(about, str(of), feature, evaluation)
    with correlation:
        _correlation(about, str(of))
    with st.expander(
        f"Warm-up of {ticker}, and how it was proved that no feature looks ahead", key="warm-up"
    ):
        _warm_up(about, ticker)
    with st.expander(f"Rows of {ticker}", key="feature-rows"):
        _rows(about, ticker)


def _pickers(about: Subject) -> tuple[str, str, int | None]:
    features = about.artifacts["features"]
    columns = data.columns_of(about.store, features)
    with st.container(horizontal=True, vertical_alignment="bottom", key="feature-controls"):
        tickers = data.tickers(about.store, features)
        ticker = st.selectbox(
            "Ticker", tickers, key="ticker", bind="query-params", width=220, label_visibility="collapsed"
        )
        feature = st.selectbox(
            "Feature", columns, index=columns.index(col.RETURN), key="feature", bind="query-params", width=220,
            label_visibility="collapsed",
        )  # fmt: skip
        period = st.segmented_control(
            "Sessions shown", list(data.PERIODS), default="3 years", required=True, key="period",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    return ticker, feature, data.PERIODS[str(period or "3 years")]


def _window_sessions(evaluation: dict[str, Any]) -> int:
    """Return how many sessions the evaluation compared with those before; without one, the setting."""
    settings = evaluation.get("settings")
    return settings["drift_sessions"] if settings else evaluation_settings(shell.settings()).drift_sessions


def _over_time(about: Subject, ticker: str, feature: str, sessions: int | None, window: int) -> None:
    rows = data.rows_of(about.store, about.artifacts["features"], ticker, sessions)
    since = data.windows_of(about.store, about.artifacts["features"], feature, ALL, window).since
    figure = feature_figure(rows, feature, since)
    st.plotly_chart(figure, key="feature_chart", config=CONFIG, alt=f"{feature} of {ticker} over time")
    if since is not None:
        st.caption(
            f"Shaded: the latest {window:,} sessions, from {since} on, which drift compares with all before."
        )


def _windows(about: Subject, of: str, feature: str, evaluation: dict[str, Any]) -> None:
    st.subheader("Distribution, then and now", anchor=False)
    compared = data.windows_of(
        about.store, about.artifacts["features"], feature, of, _window_sessions(evaluation)
    )
    figure = windows_figure(compared.reference, compared.current, feature)
    alt = f"Histogram of {feature}, {of}: all before against the latest window"
    st.plotly_chart(figure, key="windows_chart", config=CONFIG, alt=alt)
    st.caption(
        f"{len(compared.reference):,} values before, {len(compared.current):,} in the latest "
        f"{_window_sessions(evaluation):,} sessions. {tables.drift_of(evaluation, feature)}"
    )


def _correlation(about: Subject, of: str) -> None:
    st.subheader("Correlation", anchor=False)
    coefficients = data.correlation(about.store, about.artifacts["features"], of)
    figure = correlation_figure(coefficients, dark=st.context.theme.type == "dark")
    alt = f"Rank correlation of what the model sees and of the label, {of}"
    st.plotly_chart(figure, key="correlation_chart", config=CONFIG, alt=alt)
    scale = "<span>-1 against each other</span><i></i><span>1 together</span>"
    compact.draw(f'<div class="correlation-scale">{scale}</div>')
    st.caption("How far two rise and fall together, by their ranks (Spearman). `up_next` is the label.")


def _every(about: Subject, evaluation: dict[str, Any]) -> set[str]:
    """Draw all inputs of the model in one table: what each is, its worth, and whether it moved; return their names."""
    watched = feature_list(evaluation, data.columns_of(about.store, about.artifacts["features"]))
    rows = [row for row in watched if row.name != col.UP_NEXT]
    if not rows:
        return set()
    st.subheader("Inputs of the model", anchor=False)
    if words := in_short(rows):
        st.markdown(literal(words))
    texts = data.definitions(about.store, about.artifacts["features"])
    wrapped.table(_columns(rows, texts), "every_feature", numbers=(_HELPED,), most_px=_TALL_PX)
    reasons = "".join(f"; {words}" for words in other_reasons(watched))
    st.caption(
        "Worth: the AUC that the model loses when the input is shuffled; below 0 it does better without. Drift: how "
        f"many past windows had drifted less than the latest{literal(reasons)}. {_label(watched)}"
    )
    return {row.name for row in rows}


_HELPED = "Test periods helped"
_TALL_PX = 520


def _columns(rows: Sequence[FeatureRow], texts: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return inputs as the columns of a table, their bars on one scale; no column without a value."""
    chosen = st.query_params.get("feature", col.RETURN)
    columns: dict[str, list[Any]] = {
        "Feature": [wrapped.Drawn(_link(row.name, chosen=row.name == chosen)) for row in rows],
        "What it is": [plain_words(texts.get(row.name, "")) for row in rows],
        "Worth in AUC": [wrapped.Drawn(_bar(row, rows)) for row in rows],
        _HELPED: [row.helped for row in rows],
        "Drift": [_drift(row) for row in rows],
    }
    return {name: cells for name, cells in columns.items() if any(cells)}


def _drift(row: FeatureRow) -> object:
    """Return in a word whether an input moved, and its place; only what is not usual has a colour."""
    place = f"<small>{escape(row.further_off)} windows</small>" if row.further_off else ""
    return wrapped.Drawn(
        f"{escape(row.drift) if row.drift in ('', USUAL) else compact.badge(row.drift)}{place}"
    )


def _label(watched: Sequence[FeatureRow]) -> str:
    """Return in a sentence whether the label moved, which is no input; empty where it was not watched."""
    label = next((row for row in watched if row.name == col.UP_NEXT and row.drift), None)
    if label is None:
        return ""
    place = f" ({label.further_off})" if label.further_off else ""
    return f"The label, `{label.name}`: {label.drift}{place}."


def _link(name: str, *, chosen: bool) -> str:
    """Return a feature's name as the way to its own charts, on this page; ticker and period stay as they are."""
    choices = {each: st.query_params[each] for each in ("ticker", "period") if each in st.query_params}
    address = urlencode({**shell.address(), **choices, "feature": name})
    mark = ' aria-current="true"' if chosen else ""
    return f'<a{mark} href="features?{escape(address)}#{_PICTURES}" target="_self" class="to-page">{escape(name)}</a>'


_PICTURES = "one-feature"
"""Place on the page of what is drawn of one feature: a name in the table leads there."""


def _bar(row: FeatureRow, rows: Sequence[FeatureRow]) -> str:
    """Return what an input is worth in figures and as a bar: right of zero, or left of it where it does harm."""
    if row.worth is None:
        return ""
    start, length, zero = compact.diverging(row.worth, [e.worth for e in rows if e.worth is not None])
    harm = ' class="harm"' if row.worth < 0 else ""
    return (
        f'<span class="worth"><i aria-hidden="true"><b{harm} style="left:{start:.1f}%;width:{length:.1f}%"></b>'
        f'<s style="left:{zero:.1f}%"></s></i><span>{escape(row.worth_words)}</span></span>'
    )


def _warm_up(about: Subject, ticker: str) -> None:
    wrapped.table(
        data.warm_up(about.store, about.artifacts["features"], ticker), "warm_up_table", titles=_WARM_UP
    )
    if audit := data.audit_words(about.store, about.artifacts["features"]):
        st.caption(literal(audit))


def _rows(about: Subject, ticker: str) -> None:
    rows = data.rows_of(about.store, about.artifacts["features"], ticker, None)
    names = [str(name) for name in rows if name != col.TICKER]
    narrow = {
        name: st.column_config.NumberColumn(name, format="%.4f", width=72)
        for name in names
        if name != col.DATE
    }
    st.dataframe(
        rows.iloc[::-1], hide_index=True, height=320, key="features_table", placeholder=NA, column_order=names,
        column_config={
            **narrow, col.DATE: st.column_config.DateColumn("date", format="YYYY-MM-DD", width=88),
            col.UP_NEXT: st.column_config.NumberColumn(col.UP_NEXT, format="%d", width=72),
        },
    )  # fmt: skip
    st.caption(
        f"{len(rows):,} rows, newest first. Empty cells are warming up; the last label is not known yet."
    )
    data.download(rows, f"features-{file_name(ticker)}")


with shell.guarded():
    show()
