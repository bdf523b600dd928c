"""The parts of the model page, one function each; everything as the evaluation has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from core.errors import AftercloseError
from core.label import Label
from core.queries.models import model_tables
from core.queries.models.track_record import resampling_of
from core.queries.reports import tables
from core.queries.reports.plain_numbers import three_digits
from core.report import importance_sheets, sheets, trading_sheets
from core.report.about_results import at_training, basis
from core.report.about_slices import calibration_words, drift_basis, state_words
from core.report.formatting import NA, loss, metric, ratio, share, sharpe
from core.report.readings import has_verdict
from core.report.sheets import Sheet
from core.store.checkpoints import Store
from core.tables import Body
from core.tables.limits import PARQUET_ABOVE_ROWS
from dashboard import data, model_evidence, shell, wrapped
from dashboard.charts import (
    calibration_figure,
    estimates_figure,
    folds_figure,
    precision_recall_figure,
    roc_figure,
    rolling_figure,
)
from dashboard.charts.judgement import LEAST_CALLS
from dashboard.charts.look import CONFIG
from dashboard.data import StoredArtifact
from dashboard.model_evidence import Curves
from dashboard.words import literal


def measures(body: Body) -> None:
    """Draw every measure beside its baselines, with intervals; where nothing has a value, why, in words."""
    if not any(tables.estimates(body, measure)["value"].notna().any() for measure in tables.MEASURES):
        _unmeasured(body)
        return
    key = st.selectbox(
        "Measure", list(tables.MEASURES), index=tables.MEASURES.index(_FIRST), format_func=tables.label,
        key="measure", bind="query-params", width=260, label_visibility="collapsed",
    )  # fmt: skip
    label, estimates = tables.label(key), tables.estimates(body, key)
    ticks = _TICKS.get(metric(key).write, ".3f")
    figure = estimates_figure(
        estimates,
        label=label,
        chance=(tables.chance(body, key), tables.CHANCE_WORDS.get(key, "")),
        ticks=ticks,
    )
    st.plotly_chart(
        figure, key="estimates_chart", config=CONFIG, alt=f"{label} of this model beside baselines"
    )
    st.caption(basis(body))
    with st.expander("Every measure in one table", key="measures"):  # the chart has them one by one
        _compared(body)


_FIRST = "long_flat_return"
"""Drawn unless another is chosen: the AUC is drawn beside the verdict."""


def _unmeasured(body: Body) -> None:
    """Draw why there is no measure, and what was measured at training: a table of nothing says less."""
    st.caption(literal(basis(body)))
    for reason in sheets.unmeasured(body["performance"]):
        st.caption(literal(reason))
    _at_training(body)


def _at_training(body: Body) -> None:
    for grid in at_training(body):
        st.markdown(f"**{grid.caption}**")
        wrapped.table(tables.text_frame(grid), "training_table")


def _compared(body: Body) -> None:
    if basis_of_evidence := trading_sheets.evidence_basis(body):
        st.caption(literal(basis_of_evidence))
        _sheet(trading_sheets.evidence(body), "evidence_table")
    keys = ("comparison_table", "earnings_table")
    for key, (title, part) in zip(keys, tables.comparisons(body).items(), strict=False):
        st.markdown(f"**{title}**")
        first, *others = map(str, part)
        cells = {name: [wrapped.figure(three_digits(cell)) for cell in part[name]] for name in others}
        wrapped.table({first: list(map(_explained, part[first])), **cells}, key, numbers=others)
    for reason in sheets.unmeasured(body["performance"]):
        st.caption(literal(reason))
    _at_training(body)


def _explained(measure: str) -> wrapped.Drawn:
    """Return a measure's name with what it is in plain words below it."""
    words = _IN_PLAIN_WORDS.get(measure, "")
    return wrapped.Drawn(escape(measure) + (f"<small>{escape(words)}</small>" if words else ""))


_IN_PLAIN_WORDS = {
    "Precision": "calls up that came true",
    "Recall": "what came true, called before", "Hit rate": "all calls that came true",
    "Brier score": "squared error; less is better", "Brier skill": "error saved beside the up-rate",
    "Log loss": "confident errors; less is better",
}  # fmt: skip


_TICKS: Mapping[Callable[[float | None], str], str] = {ratio: ".3f", share: ".1%", loss: ".4f", sharpe: ".2f"}
"""How a measure is written in words -> on the axis of a chart."""


def curves(
    body: Body, store: Store, predictions: StoredArtifact | None, features: StoredArtifact | None
) -> None:
    """Draw ROC, precision-recall and calibration, beside the champion's where the two can be compared."""
    if predictions is None:
        st.caption("The predictions of this run are not there; curves are drawn from them.")
        return
    how = resampling_of(body["settings"])
    lines = {"This model": model_evidence.curves(store, predictions, how)}
    champion = body.get("champion") or {}
    if champion.get("compared") and features is not None and st.toggle(
        "Beside the champion", key="beside", bind="query-params",
        help="Both on the rows after the champion's training: fewer, and the same for both.",
    ):  # fmt: skip
        try:
            both = model_evidence.curves_beside(store, predictions, features, champion["model_id"], how)
            lines = {"Candidate": both.candidate, "Champion": both.champion}
        except AftercloseError as error:
            shell.problem(error)
    _drawn(lines, body)


def _drawn(lines: Mapping[str, Curves], body: Body) -> None:
    frames = {what: model_tables.curve(lines, what) for what in ("roc", "precision_recall", "calibration")}
    first = next(iter(lines.values()))
    label = Label.of(body)
    st.caption(" ".join(filter(None, (label.meaning, model_tables.curve_basis(lines)))))
    with st.grid(3, min_column_width=320):
        with st.container(key="roc"):
            st.markdown("**ROC**")
            st.plotly_chart(roc_figure(frames["roc"], label), key="roc_chart", config=CONFIG, alt="ROC curve")
            st.caption("Mean of the test periods' own curves: the area under it is the AUC reported.")
        with st.container(key="precision_recall"):
            st.markdown("**Precision and recall**")
            marks = model_tables.marks(lines)
            figure = precision_recall_figure(
                frames["precision_recall"], up_rate=first["up_rate"], marks=marks
            )
            st.plotly_chart(figure, key="pr_chart", config=CONFIG, alt="Precision by recall")
            st.caption(
                f"Over all rows, from {LEAST_CALLS} calls on: what fewer are worth is chance. The cross is the "
                "threshold 0.5 of the report."
            )
        with st.container(key="calibration"):
            st.markdown("**Calibration**")
            figure = calibration_figure(frames["calibration"], label)
            st.plotly_chart(
                figure, key="calibration_chart", config=CONFIG, alt=f"{label.share} by probability"
            )
            st.caption(
                "Bins of equally many rows, with intervals; on the dotted line, what was expected came true."
            )
    if words := calibration_words(body):
        st.caption(literal(words.strip()))
    with st.expander("Calibration as a table", key="calibration_more"):
        for number, (name, curve) in enumerate(lines.items()):
            st.caption(literal(name))
            table(tables.calibration(curve["calibration"], label), f"calibration_table_{number}")


def slices(body: Body) -> None:
    """Draw the measures by test period, by year and by ticker."""
    st.markdown("**By test period**")
    folds = sheets.by_fold(body)
    figure = folds_figure(tables.fold_intervals(body))
    st.plotly_chart(figure, key="folds_chart", config=CONFIG, alt="AUC of each test period")
    table(folds, "folds_table")
    st.markdown("**By year**")
    table(sheets.by_period(body), "periods_table")
    by_state = sheets.by_state(body)
    if by_state.rows:
        st.markdown("**By state of the market**")
        table(by_state, "states_table")
        st.caption(literal(state_words(body)))
    st.markdown("**By ticker**")
    by_ticker = sheets.by_ticker(body)
    if by_ticker.rows:
        table(by_ticker, "tickers_table")
    else:
        st.caption("There are no judged rows.")


def trading(body: Body, store: Store, stored: Mapping[str, StoredArtifact | None]) -> None:
    """Draw what following the model put at risk, what costs leave, and how probabilities sort tickers.

    ``stored`` has predictions, features and clean prices by kind: fills at the next open are worked out from them.
    """
    if not body.get("risk"):
        st.caption(
            "This evaluation is of a version that did not measure risk and costs; run it again to have them."
        )
        return
    of_risk, of_costs = st.columns(2, gap="medium")
    with of_risk:
        _sheet(trading_sheets.risk(body), "risk_table")
        if body["risk"]["reason"]:
            st.caption(literal(f"n/a: {body['risk']['reason']}."))
    with of_costs:
        _sheet(trading_sheets.costs(body), "costs_table")
        st.caption(literal(trading_sheets.break_even(body)))
    _fills(body, store, stored)
    _over_time(body)
    st.caption(literal(trading_sheets.sorting_basis(body)))
    for sheet, key in (
        (trading_sheets.information(body), "ic_table"),
        (trading_sheets.quantiles(body), "fifths_table"),
    ):
        if sheet.rows:
            _sheet(sheet, key)
    if steady := trading_sheets.steadiness(body):
        st.caption(literal(steady))


def _fills(body: Body, store: Store, stored: Mapping[str, StoredArtifact | None]) -> None:
    tables = {kind: artifact for kind, artifact in stored.items() if artifact}
    if tables.keys() != stored.keys():
        st.caption("The tables that fills at the next open are worked out from are not all there.")
        return
    if not has_verdict(body):
        return
    if body["rows"] > PARQUET_ABOVE_ROWS and not st.toggle(
        "Fills at the next open", key="fills", bind="query-params",
        help=f"Worked out from {body['rows']:,} judged rows and all prices: that takes a while.",
    ):  # fmt: skip
        return
    try:
        entries = model_evidence.fills(store, tables, body["settings"])
    except AftercloseError as error:
        shell.problem(error)
        return
    _sheet(trading_sheets.fills(body, entries), "fills_table")
    missing = "; ".join(entry["reason"] for entry in entries if entry["reason"])
    st.caption(
        literal(
            f"{trading_sheets.FILL_WORDS} Filled at the next open, it earns from that open to the one after, opens "
            f"adjusted as the close of their day is. {f'{NA}: {missing}.' if missing else ''}"
        )
    )


def download(body: Body, key: str) -> None:
    """Offer every figure of the evaluation as one table."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        data.download(lambda: tables.figures(body), f"figures-{key}", "All figures as CSV")


def _over_time(body: Body) -> None:
    """Draw returns by month and year, and the rolling Sharpe ratio; nothing of an evaluation without months."""
    months = tables.months(body)
    if months.empty:
        return
    st.markdown("**Sharpe ratio of the last 252 sessions**")
    st.plotly_chart(
        rolling_figure(months),
        key="rolling_chart",
        config=CONFIG,
        alt="Sharpe ratio of the last 252 sessions",
    )
    _sheet(trading_sheets.years(body), "years_table")
    _sheet(trading_sheets.months(body), "months_table")


def inputs(body: Body) -> None:
    """Draw what the model's inputs were worth, over the folds and fold by fold."""
    words = importance_sheets.importance_words(body)
    if not words:
        st.caption(
            "Not known: a run that scores trains nothing, and earlier versions did not look. The run in which the "
            "model was trained says it."
        )
        return
    _sheet(importance_sheets.importance(body), "importance_table")
    st.caption(literal(words))
    with st.expander("Fold by fold", key="importance_folds"):
        table(importance_sheets.by_fold(body), "importance_folds_table")


ROW_PX, MOST_ROWS_AT_ONCE = 33, 10
"""Height of a row of a grid, and how many are in sight at once."""


def _sheet(sheet: Sheet, key: str) -> None:
    st.markdown(f"**{sheet.caption}**")
    table(sheet, key)


def drift(body: Body) -> None:
    """Draw the drift of each column, the most unusual first."""
    st.caption(drift_basis(body))
    table(tables.drift(body), "drift_table")
    st.caption("■ alarm: unlike 99 of 100 past windows. ▲ warning: unlike 95. ● ok. ○ too little history.")


def table(sheet: Sheet, key: str) -> None:
    """Draw a sheet with numbers and titles as the report writes them."""
    titles = {name: st.column_config.Column(title) for name, title in tables.titles(sheet).items()}
    height = ROW_PX * (min(len(sheet.rows), MOST_ROWS_AT_ONCE) + 1) + 4
    with st.container(height=height, border=False):  # its height from the start: what follows keeps its place
        st.dataframe(
            tables.styled(sheet),
            hide_index=True,
            column_config=titles,
            key=key,
            placeholder=NA,
            height=height - 2,
        )
