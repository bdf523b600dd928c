"""Data: prices and features of a run as pictures, and what the gate and cleaning said about them."""

from __future__ import annotations

import streamlit as st

from core import columns as col
from core.report import tables
from core.store.checkpoints import Store
from dashboard import data, shell
from dashboard.charts import distribution_figure, price_figure
from dashboard.charts.look import CONFIG
from dashboard.data import ALL, Held
from dashboard.words import minute

FEATURES = [name for name in col.FEATURES if name not in (col.DATE, col.TICKER)]
_KINDS = ("prices_clean", "features", "findings", "repairs")


def show() -> None:
    """Draw the page, or say what is missing."""
    run = shell.chosen_run()
    if run is None:
        st.info("There is no finished run yet. Open **Runs** and press **Run**; prices appear here.")
        return
    store = shell.store()
    keys = data.keys_of(store, run)
    found = {kind: data.held(store, keys, kind) for kind in _KINDS}
    made = {kind: artifact for kind, artifact in found.items() if artifact is not None}
    if len(made) < len(_KINDS):
        st.info(f"Run `{run.run_id}` has not come as far as features. The page **Run** shows where it is.")
        return
    st.caption(f"Run `{run.run_id}`, started {minute(run.started_at or run.created_at)}")
    _summary(store, made)
    ticker = _prices(store, made["features"], made["prices_clean"])
    _distribution(store, made["features"], ticker)
    _tables(store, made, ticker)


def _summary(store: Store, made: dict[str, Held]) -> None:
    held = data.summary(store, made["findings"], made["repairs"], made["features"])
    facts = (
        ("Period", f"{held['from']} to {held['to']}"),
        ("Tickers", f"{len(held['tickers']):,}"),
        ("Rows", f"{held['rows_clean']:,}"),
        ("Findings", tables.found(held["findings"])),
        ("Repairs", tables.repaired(held["repairs"])),
    )
    with st.container(horizontal=True, key="data_facts"):
        for name, value in facts:
            st.metric(name, value, border=True, width="content")


def _prices(store: Store, features: Held, prices: Held) -> str:
    st.subheader("Prices", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ticker = st.selectbox(
            "Ticker", data.tickers(store, features), key="ticker", bind="query-params", width=220
        )
        period = st.segmented_control(
            "Sessions shown",
            list(data.PERIODS),
            default="3 years",
            required=True,
            key="period",
            bind="query-params",
        )
    sessions = data.PERIODS[str(period)]
    figure = price_figure(
        data.rows_of(store, features, ticker, sessions), data.rows_of(store, prices, ticker, sessions)
    )
    alt = f"Adjusted close of {ticker} with means of 5, 10 and 20 sessions; volatility and volume below"
    st.plotly_chart(figure, key="prices_chart", config=CONFIG, alt=alt)
    st.caption(
        "Volatility is the standard deviation of the last 20 daily returns, not annualised. Volume in "
        "shares. Prices in the ticker's currency, adjusted as the source gives them."
    )
    return ticker


def _distribution(store: Store, features: Held, ticker: str) -> None:
    st.subheader("Distribution of a feature", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        feature = st.selectbox(
            "Feature",
            FEATURES,
            index=FEATURES.index(col.RETURN),
            key="feature",
            bind="query-params",
            width=220,
        )
        of = st.segmented_control("Of", [ticker, ALL], default=ALL, required=True, key="distribution_of")
    text = data.definitions(store, features).get(feature)
    if text:
        st.caption(f"`{feature}`: {text}")
    figure = distribution_figure(data.values_of(store, features, feature, of), feature)
    st.plotly_chart(figure, key="distribution_chart", config=CONFIG, alt=f"Histogram of {feature}, {of}")


def _tables(store: Store, made: dict[str, Held], ticker: str) -> None:
    features, findings, repairs = st.tabs([f"Features of {ticker}", "Findings", "Repairs"], key="data_tables")
    with features:
        rows = data.rows_of(store, made["features"], ticker, None)
        st.dataframe(
            rows.iloc[::-1], hide_index=True, height=320, key="features_table",
            column_config={col.DATE: st.column_config.DateColumn("date", format="YYYY-MM-DD")},
        )  # fmt: skip
        st.caption(
            f"{len(rows):,} rows, newest first. Empty cells are warming up; the last label is not known yet."
        )
    with findings:
        _frame_or(
            tables.findings(data.document(store, made["findings"])), "findings_table", "Nothing was found."
        )
    with repairs:
        _frame_or(
            tables.repairs(data.document(store, made["repairs"])), "repairs_table", "Nothing was repaired."
        )


def _frame_or(frame: tables.Frame, key: str, nothing: str) -> None:
    if frame.empty:
        st.caption(nothing)
    else:
        st.dataframe(frame, hide_index=True, key=key)


with shell.guarded():
    show()
