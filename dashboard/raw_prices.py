"""What a run that the gate stopped had read: its prices as they came, with the findings on them."""

from __future__ import annotations

import streamlit as st

from core import columns as col
from core.journal import Run
from core.queries.runs.folder import RunFolder
from core.queries.series.price_charts import finding_marks
from core.report.formatting import counted
from core.store.checkpoints import Store
from dashboard import data, shell
from dashboard.charts import raw_figure
from dashboard.charts.look import CONFIG
from dashboard.words import literal


def draw(run: Run, store: Store) -> None:
    """Draw the raw prices of a run that has no cleaned ones; nothing where it read none."""
    raw = data.artifacts_of(store, run, ("prices_raw",)).get("prices_raw")
    if raw is None:
        return
    findings = RunFolder(shell.settings().data, run.run_id).findings()
    st.subheader("Prices as they came", anchor=False)
    with_findings = {str(each["ticker"]) for each in findings if each.get("ticker")}
    tickers = sorted(data.tickers(store, raw), key=lambda ticker: (ticker not in with_findings, ticker))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ticker = st.selectbox("Ticker", tickers, key="raw-ticker", width=220)
        period = st.segmented_control(
            "Sessions shown", list(data.PERIODS), default="All", required=True, key="raw-period"
        )
    rows = data.raw_rows(store, raw, str(ticker), data.PERIODS[str(period)])
    figure = raw_figure(rows, finding_marks(findings, str(ticker), rows, price=col.CLOSE))
    alt = f"Close of {ticker} as it came, findings marked; volume below"
    st.plotly_chart(figure, key="raw_chart", config=CONFIG, alt=alt)
    own = [each for each in findings if each["ticker"] == ticker]
    st.caption(
        literal(
            f"{counted(len(rows), 'row')} as the source gave them; nothing is corrected here. "
            f"{counted(len(own), 'finding')} of {ticker}: the page Run lists them and takes decisions."
        )
    )
