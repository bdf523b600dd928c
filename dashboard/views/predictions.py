"""Predictions: what the model says of the next sessions, how old it is, and what became of past signals."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import listed
from core.label import Label
from core.queries.models import signals
from core.queries.reports import tables
from core.queries.runs.run_labels import short_ids
from core.registry.champions import Champions
from core.registry.evidence import signals_behind
from core.report.about_slices import trust
from core.report.formatting import counted
from core.report.readings import has_verdict
from core.request.form import scoring_request
from core.tickers import file_name
from dashboard import compact, data, evidence, shell, signal_table, starting, wrapped
from dashboard.charts import probability_figure, scorecard_figure
from dashboard.charts.look import CONFIG
from dashboard.subject import Subject, subject
from dashboard.words import literal


def show() -> None:
    """Draw the page, or say what is missing."""
    about = subject(("predictions",), ("evaluation",), what="predictions")
    if about is None:
        return
    header = data.header_of(about.store, about.artifacts["predictions"])
    evaluation = (
        data.document(about.store, about.artifacts["evaluation"]) if "evaluation" in about.artifacts else {}
    )
    if evaluation:  # the same signals, and which of them the gate's findings withhold
        header = {**header, "signals": evaluation["signals"]}
    else:
        own = about.artifacts["predictions"]
        signals_there = signals_behind(about.store, own.slot, data.table(about.store, own))
        header = {**header, "signals": signals_there}
    _verdict(header, evaluation)
    if evaluation and not has_verdict(evaluation):
        st.warning(literal(evaluation["verdict_sentence"]), icon=":material/history:")
    if names := (evaluation.get("model") or {}).get("new_tickers"):
        st.warning(
            literal(f"The model was trained without {listed(names)}: nothing judges its word on them.")
        )
    _signals(about, header, evaluation)
    _over_time(about)
    _past()


def _verdict(header: dict[str, Any], evaluation: dict[str, Any]) -> None:
    """Draw first what the calls below are worth, and whose they are."""
    facts: list[tuple[str, str | wrapped.Drawn]] = list(signals.model_facts(header, evaluation))
    if model := str(header["model_id"] or ""):
        facts[0] = ("Model", wrapped.Drawn(compact.short_id(model)))
    has_signals = bool(evaluation) and bool(header["signals"]) and has_verdict(evaluation)
    warning = trust(evaluation) if has_signals else ""
    if warning:
        st.warning(literal(warning), icon=":material/do_not_disturb_on:")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="signals-verdict"):
        if has_signals and not warning:
            compact.draw(compact.badge(evaluation["verdict"]), width="content")
        wrapped.figures(facts, "model_facts")


def _signals(about: Subject, header: dict[str, Any], evaluation: dict[str, Any]) -> None:
    st.subheader(f"Signals for {Label.of(header).over}", anchor=False)
    recent = data.recent_calls(about.store, about.artifacts["predictions"])
    signal_table.draw(about.run, header, evaluation, recent)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="score_now"
    ):
        _score_now(about)
        if header["signals"]:
            frame = tables.frame(tables.signals(header)).assign(model_id=header["model_id"])
            data.download(frame, "signals", "Signals as CSV")


def _score_now(about: Subject) -> None:
    champion = Champions(shell.settings()).of(shell.profile())
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        pressed = st.button(
            "Score now",
            key="score",
            icon=":material/bolt:",
            disabled=champion is None or not shell.can_write(),
        )
        if champion is None:
            st.caption("This profile has no champion to score with. The page **Model** promotes one.")
        elif not shell.can_write():
            st.caption("The data root cannot be written, so nothing can be run from here.")
        else:
            model = short_ids(champion.model_id)
            st.caption(
                f"Scores the newest session of the same prices with the champion `{model}`; asks first."
            )
    if pressed:
        starting.confirm(scoring_request(about.run.request))


def _over_time(about: Subject) -> None:
    st.subheader("Out-of-sample probabilities", anchor=False)
    predictions = about.artifacts["predictions"]
    tickers = data.tickers(about.store, predictions)
    if not tickers:
        st.caption("No row was predicted out of sample.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="signal-controls"):
        ticker = st.selectbox(
            "Ticker", tickers, key="ticker", bind="query-params", width=220, label_visibility="collapsed"
        )
        period = st.segmented_control(
            "Sessions shown", list(data.PERIODS), default="1 year", required=True, key="period",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    label = Label.of(data.header_of(about.store, predictions))
    rows = data.rows_of(about.store, predictions, ticker, None)
    alt = f"{label.chance} of {ticker} over time"
    figure = probability_figure(rows, label, data.PERIODS[str(period or "1 year")])
    st.plotly_chart(figure, key="probability_chart", config=CONFIG, alt=alt)
    st.caption(
        f"{counted(len(rows), 'row')}, each judged by a model that never saw it. A probability after one session is "
        f"about {'the next' if label.is_default else label.over}."
    )
    data.download(rows, f"predictions-{file_name(ticker)}", f"All of {ticker} as CSV")


def _past() -> None:
    st.subheader("What became of past signals", anchor=False)
    past = data.past_signals(shell.settings(), shell.profile())
    if not past["score_runs"]:
        st.caption(
            "No run of this profile has scored yet. Signals of score runs are set against what happened, here."
        )
        return
    st.caption(signals.past_words(past))
    sheet = signals.scorecard(past["scorecard"])
    if not sheet.rows:
        return
    short_sheet = signals.scorecard(
        [{**entry, "model_id": short_ids(entry["model_id"])} for entry in past["scorecard"]]
    )
    figure = scorecard_figure(signals.quarters(tables.frame(short_sheet)))
    alt = "Share of signals that came true by quarter and model"
    st.plotly_chart(figure, key="scorecard_chart", config=CONFIG, alt=alt)
    evidence.table(short_sheet, "scorecard_table")
    data.download(tables.frame(sheet), "scorecard")


with shell.guarded():
    show()
