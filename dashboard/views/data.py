"""Data: prices of a run as pictures, and what the gate and cleaning said about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from core import columns as col
from core.errors import listed
from core.queries.reports import tables
from core.queries.series.price_charts import candles, coverage_finding, finding_marks, gaps, repair_marks
from core.queries.series.small_multiples import SmallMultiple, rings
from core.report.about_data import accepted
from core.report.formatting import counted
from dashboard import compact, data, folding, raw_prices, shell, wrapped
from dashboard.charts import candle_figure, cleaning_figure, coverage_figure, price_figure
from dashboard.charts.look import CONFIG
from dashboard.charts.prices import by_ratio, means_drawn
from dashboard.price_sketch import sketch
from dashboard.subject import Subject, subject
from dashboard.words import literal

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

MOST_CANDLES = 130
"""Half a year of days: more would be thinner on a phone than the gap between two."""

_TALL_PX = 520
CLEANING, _BY_ADDRESS = "Cleaning", "data-cleaning-asked"
LINE, CANDLES = "Adjusted close", "Candlesticks"


def show() -> None:
    """Draw the page, or say what is missing."""
    about = subject(
        ("prices_clean", "findings", "repairs"), ("prices_valid", "features"), what="cleaned prices",
        instead=raw_prices.draw,
    )  # fmt: skip
    if about is None:
        return
    _summary(about)
    parts = {
        "One ticker": _prices,
        "All tickers": _all_tickers,
        "Coverage": _coverage,
        CLEANING: _cleaning,
        "Findings": _findings,
    }
    if not _has_repairs(about):
        del parts[CLEANING]
    line = st.container(horizontal=True, vertical_alignment="bottom", key="data-line")
    with line, st.container(key="data-parts", width="content"):
        part = st.segmented_control(
            "Show", list(parts), default="One ticker", required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
    parts[str(part or "One ticker")](about, line)  # none where the address has an empty one


def _has_repairs(about: Subject) -> bool:
    """Return whether there is something to see under Cleaning, or an address asks for it: then it stays."""
    by_address = st.query_params.get("part") == CLEANING
    st.session_state[_BY_ADDRESS] = st.session_state.get(_BY_ADDRESS, False) or by_address
    return bool(
        st.session_state[_BY_ADDRESS] or data.document(about.store, about.artifacts["repairs"])["repairs"]
    )


def _summary(about: Subject) -> None:
    figures = data.summary(
        about.store, *(about.artifacts[kind] for kind in ("findings", "repairs", "prices_clean"))
    )
    findings = tables.severity_counts(figures["findings"], accepted(figures["waivers"]))
    facts = (
        ("Period", f"{figures['from']} to {figures['to']}"),
        ("Tickers", f"{len(figures['tickers']):,}"),
        ("Rows", f"{figures['rows_clean']:,}"),
        ("Findings", wrapped.Drawn(_link_to_part("Findings", findings))),
        ("Repairs", tables.repair_count(figures["repairs"])),
    )
    wrapped.figures(facts, "data_facts")


def _link_to_part(part: str, words: str) -> str:
    """Return words as the way to a part of this page."""
    address = urlencode({**shell.address(), "part": part})
    return f'<a href="data?{escape(address)}" target="_self" class="to-page">{escape(words)}</a>'


def _ticker(about: Subject) -> str:
    tickers = data.tickers(about.store, about.artifacts["prices_clean"])
    return st.selectbox(
        "Ticker", tickers, key="ticker", bind="query-params", width=150, label_visibility="collapsed"
    )


def _sessions(about: Subject) -> int | None:
    findings, rows = about.artifacts["findings"], about.artifacts["prices_clean"]
    last = data.summary(about.store, findings, about.artifacts["repairs"], rows)["to"]
    default = data.first_period(data.document(about.store, findings)["findings"], last)
    period = st.segmented_control(
        "Sessions shown",
        list(data.PERIODS),
        default=default,
        required=True,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    return data.PERIODS[str(period or default)]


def _controls(line: DeltaGenerator) -> DeltaGenerator:
    """Return where a part has what it is chosen by: beside the parts, in their line."""
    return line.container(horizontal=True, vertical_alignment="bottom", width="content", key="price-controls")


def _prices(about: Subject, line: DeltaGenerator) -> None:
    with _controls(line):
        ticker = _ticker(about)
        with folding.on_phone("price", "Sessions and style", horizontal=True):
            sessions = _sessions(about)
            style = st.segmented_control(
                "Drawn as", [LINE, CANDLES], default=LINE, required=True, key="style", bind="query-params",
                label_visibility="collapsed",
            )  # fmt: skip
    rows = data.rows_of(about.store, about.artifacts["prices_clean"], ticker, sessions)
    findings = data.document(about.store, about.artifacts["findings"])["findings"]
    if style == CANDLES:
        bars, length = candles(rows, MOST_CANDLES)
        figure = candle_figure(bars, rows, finding_marks(findings, ticker, rows, price=col.HIGH))
        basis, text = "Unadjusted prices", f". One candle is a {length}."
    else:
        features = about.artifacts.get("features")
        averages = data.rows_of(about.store, features, ticker, sessions) if features else None
        figure = price_figure(rows, averages, finding_marks(findings, ticker, rows))
        drawn = means_drawn(len(rows)) if averages is not None else ()
        means = f" Mean of the last {listed(list(map(str, drawn)))} closes." if drawn else ""
        basis, text = "Adjusted close", f", as the source adjusts it.{means}"
    compact.draw(f'<div class="price-basis">{compact.strong(basis)}{compact.words(text)}</div>')
    alt = f"{style} of {ticker} with splits, dividends and findings marked; volume below"
    st.plotly_chart(figure, key="prices_chart", config=CONFIG, alt=alt)
    drawn_at = col.HIGH if style == CANDLES else col.ADJ_CLOSE
    ratios = " Log scale: the same height is the same change in percent." if by_ratio(rows, drawn_at) else ""
    st.caption(
        f"{_elsewhere(findings, ticker, rows)}Prices in the ticker's currency, volume in shares.{ratios}"
    )


def _elsewhere(findings: Sequence[Mapping[str, Any]], ticker: str, rows: pd.DataFrame) -> str:
    """Return in a sentence how many findings about a ticker lie outside the sessions shown; empty where none does."""
    if rows.empty:
        return ""
    first, last = (str(rows[col.DATE].iloc[place])[:10] for place in (0, -1))
    outside = [
        f
        for f in findings
        if f["ticker"] == ticker
        and f["date"]
        and not any(first <= day <= last for day in f.get("dates") or [f["date"]])
    ]
    if not outside:
        return ""
    verb = "lies" if len(outside) == 1 else "lie"
    how_many = f"{counted(len(outside), 'finding')} of {literal(ticker)}"
    return f"{how_many} {verb} outside the sessions shown: **All** draws every one. "


def _all_tickers(about: Subject, line: DeltaGenerator) -> None:
    """Draw a small picture of each ticker, all over the same sessions."""
    with line:
        sessions = _sessions(about)
    findings = data.document(about.store, about.artifacts["findings"])["findings"]
    entries = data.small_multiples(about.store, about.artifacts["prices_clean"], sessions)
    dark = st.context.theme.type == "dark"
    newest = max((entry.days[-1] for entry in entries), default="")
    boxes = [_small(entry, findings, newest, dark=dark) for entry in entries[: data.MOST_TICKERS]]
    with st.container(key="small-multiples"):
        compact.draw(compact.grid(boxes, least_px=300))
    more = (
        f" The first {data.MOST_TICKERS} of {len(entries):,} tickers."
        if len(entries) > data.MOST_TICKERS
        else ""
    )
    st.caption(
        f"Adjusted close to {newest}, each on a scale of its own; in brackets the change over the sessions shown. "
        f"Rings are days of findings.{more}"
    )


def _small(entry: SmallMultiple, findings: Sequence[Mapping[str, Any]], newest: str, *, dark: bool) -> str:
    """Return the box of a ticker: its last close, its picture, and findings and an early end where there are any."""
    days = [f.get("dates") or [f["date"]] for f in findings if f["ticker"] == entry.ticker and f["date"]]
    picture = sketch(entry.days, entry.closes, rings(entry.days, chain(*days)), dark=dark, size=(360, 110))
    about_it = f"{entry.last:,.2f} ({entry.change:+,.1%})" if entry.last is not None else "no price"
    words = f"{entry.ticker}: adjusted close from {entry.days[0]} to {entry.days[-1]}, last {about_it}"
    here = sum(any(rings(entry.days, about)) for about in days)
    outside = f", {here:,} in these sessions" if here < len(days) else ""
    notes = (
        f"ends {entry.days[-1]}" if entry.days[-1] < newest else "",
        f"{counted(len(days), 'finding')}{outside}" if days else "",
    )
    about = (compact.quiet(text) for text in (about_it, *filter(None, notes)))
    head = compact.row((compact.strong(entry.ticker), *about))
    return compact.box(f"small-{entry.ticker}", (head, compact.picture(picture, words) if picture else ""))


def _coverage(about: Subject, _: DeltaGenerator) -> None:
    shares = data.coverage(about.store, about.artifacts["prices_clean"])
    missing = gaps(shares)
    head, rest = coverage_finding(shares, missing)
    compact.draw(f"<strong>{compact.words(head)}</strong>{compact.words(rest)}")
    st.plotly_chart(
        coverage_figure(shares), key="coverage_chart", config=CONFIG,
        alt="Share of sessions with a row, by ticker and month",
    )  # fmt: skip
    most = data.MOST_TICKERS
    least = f" The {most} tickers with least coverage." if len(shares) >= most else ""
    st.caption(f"By month. A ticker counts from its first session.{least}")
    if len(missing):
        table = missing.assign(share=[f"{part:.1%}" for part in missing["share"]])
        titles = {col.TICKER: "Ticker", "month": "Month", "share": "Sessions with a row"}
        wrapped.table(table, "beside-gaps", titles=titles, most_px=_TALL_PX, numbers=(titles["share"],))


def _cleaning(about: Subject, line: DeltaGenerator) -> None:
    repairs = data.document(about.store, about.artifacts["repairs"])
    sheet = tables.repairs(repairs)
    extent = (
        f"Rows in: {repairs['rows_in']:,}. Rows out: {repairs['rows_out']:,}. "
        f"Cells filled: {repairs['cells_filled']:,}."
    )
    if not sheet.rows:  # two lines over each other would say the same
        st.caption(f"Nothing was repaired. {extent}")
        return
    with _controls(line):
        ticker, sessions = _ticker(about), _sessions(about)
    after = data.rows_of(about.store, about.artifacts["prices_clean"], ticker, sessions)
    valid = about.artifacts.get("prices_valid")
    before = data.rows_of(about.store, valid, ticker, sessions) if valid else after
    figure = cleaning_figure(before, after, repair_marks(repairs["repairs"], ticker))
    alt = f"Close of {ticker} before and after cleaning; removed rows and filled cells marked"
    st.plotly_chart(figure, key="cleaning_chart", config=CONFIG, alt=alt)
    st.caption(extent)
    frame = tables.frame(sheet)
    wrapped.table(frame, "repairs_table", titles=tables.titles(sheet), most_px=_TALL_PX)
    data.download(frame, "repairs")


def _findings(about: Subject, _: DeltaGenerator) -> None:
    findings = data.document(about.store, about.artifacts["findings"])
    waived = tables.waived(findings)
    sheet = tables.findings(findings)
    if sheet.rows:
        frame = tables.frame(sheet)
        wrapped.table(_readable(frame), "findings_table", titles=tables.titles(sheet), most_px=_TALL_PX)
        data.download(frame, "findings")
    else:
        st.caption("No finding is open." if waived else "Nothing was found.")
    if waived:
        st.markdown("**Accepted by a person**")
        wrapped.table(waived, "waived_table", most_px=_TALL_PX)


def _readable(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return findings for the page: values in four digits, and several dates only where there are several.

    The download has every digit and every date.
    """
    columns = {str(name): list(cells) for name, cells in frame.items()}
    if columns["dates"] == columns["date"]:
        del columns["count"], columns["dates"]
    severities = [
        wrapped.Drawn(f'<bdi class="unbroken">{escape(word)}</bdi>') for word in columns["severity"]
    ]
    return columns | {
        "severity": severities,
        "value": [_four_digits(str(value)) for value in columns["value"]],
    }


def _four_digits(text: str) -> str:
    try:
        return f"{float(text):,.4g}" if "." in text else text
    except ValueError:
        return text


with shell.guarded():
    show()
