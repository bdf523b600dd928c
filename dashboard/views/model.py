"""Evaluation: how good the predictions are, the verdict first, everything as the evaluation has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.report import tables
from dashboard import data, shell
from dashboard.charts import calibration_figure, estimates_figure, folds_figure
from dashboard.charts.look import CONFIG
from dashboard.words import minute, plain

Body = Mapping[str, Any]


def show() -> None:
    """Draw the page, or say what is missing."""
    run = shell.chosen_run()
    if run is None:
        st.info("There is no finished run yet. Open **Runs** and press **Run**; the judgement appears here.")
        return
    store = shell.store()
    artifact = data.held(store, data.keys_of(store, run), "evaluation")
    if artifact is None:
        st.info(
            f"Run `{run.run_id}` has not come as far as the evaluation. The page **Run** shows where it is."
        )
        return
    body = data.document(store, artifact)
    st.caption(f"Run `{run.run_id}`, started {minute(run.started_at or run.created_at)}")
    _verdict(body)
    _measures(body)
    _over_time(body)
    _by_ticker(body)
    _drift(body)
    _signals(body)


def _verdict(body: Body) -> None:
    st.markdown(f"##### {tables.verdict_mark(body)}", width="stretch")
    st.text(body["verdict_sentence"])
    alarm = body["leak_alarm"]
    if alarm["raised"]:
        st.error(f"Leak alarm: {plain(alarm['reason'])}")
    kept = tables.retained(body)
    if kept:
        st.warning(plain(kept))
    with st.container(horizontal=True, key="evaluation_facts"):
        for name, value in tables.headline(body):
            st.metric(name, value, border=True, width="content")


def _measures(body: Body) -> None:
    st.subheader("Measures beside baselines", anchor=False)
    key = st.segmented_control(
        "Measure", list(tables.MEASURES), default="auc", required=True, format_func=tables.label,
        key="measure", bind="query-params",
    )  # fmt: skip
    label, estimates = tables.label(key), tables.estimates(body, key)
    figure = estimates_figure(estimates, label=label, chance=tables.chance(body, key))
    st.plotly_chart(
        figure, key="estimates_chart", config=CONFIG, alt=f"{label} of this model beside baselines"
    )
    st.caption(tables.basis(body))
    st.dataframe(tables.comparison(body), hide_index=True, key="comparison_table")
    for reason in tables.reasons(body["performance"]):
        st.caption(plain(reason))
    then = tables.at_training(body)
    if not then.empty:
        st.markdown("**At training, walked forward through time**")
        st.dataframe(then, hide_index=True, key="training_table")


def _over_time(body: Body) -> None:
    folds, calibration = st.columns(2, gap="medium")
    with folds:
        st.subheader("AUC by test period", anchor=False)
        frame = tables.folds(body)
        st.plotly_chart(folds_figure(frame), key="folds_chart", config=CONFIG, alt="AUC of each test period")
        with st.expander("Table of test periods", key="folds_more"):
            _table(frame, "folds_table")
    with calibration:
        st.subheader("Calibration", anchor=False)
        frame = tables.calibration(body)
        alt = "Share that rose by predicted probability"
        st.plotly_chart(calibration_figure(frame), key="calibration_chart", config=CONFIG, alt=alt)
        with st.expander("Table of bins", key="calibration_more"):
            _table(frame, "calibration_table")


def _by_ticker(body: Body) -> None:
    st.subheader("By ticker", anchor=False)
    frame = tables.by_ticker(body)
    if frame.empty:
        st.caption("There are no judged rows.")
    else:
        _table(frame, "tickers_table")


def _drift(body: Body) -> None:
    st.subheader("Drift", anchor=False)
    st.caption(tables.drift_basis(body))
    _table(tables.drift(body), "drift_table")


def _signals(body: Body) -> None:
    st.subheader("Signals for the next session", anchor=False)
    frame = tables.signals(body)
    if frame.empty:
        st.caption("There are no signals: no model came out of this run.")
        return
    _table(frame, "signals_table")
    st.caption(tables.signals_basis(body))


def _table(frame: tables.Frame, key: str) -> None:
    titles = {name: st.column_config.Column(title) for name, title in tables.titles(frame).items()}
    st.dataframe(tables.written(frame), hide_index=True, column_config=titles, key=key)


with shell.guarded():
    show()
