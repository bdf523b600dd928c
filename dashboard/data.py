"""The only loaders of the desk: every read is verified, what was read is kept by its content's digest.

A file that is damaged after it was kept is still noticed: digests are compared before the cache is asked.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import columns as col
from core.errors import CheckpointError, DataError
from core.fingerprint import sha256 as digest
from core.journal import Journal, Run
from core.queries.runs.holdings import keys_of
from core.request.settings import Settings
from core.request.stages import writer_of
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Document, Table
from core.tables.codec import decode

if TYPE_CHECKING:
    import pandas as pd

    from core.queries.models.curves import TwoWindows
    from core.queries.runs.trends import Figures

ALL = "All tickers"

MOST_TICKERS = 40
"""Rows of the coverage chart; more would be thinner than a line of text."""

PERIODS = {"3 months": 63, "1 year": 252, "3 years": 756, "All": None}
"""Sessions that a chart shows; a year of US exchanges has 252."""


@dataclass(frozen=True)
class Held:
    """An artifact that was there and whole when this was made."""

    slot: Slot
    filename: str
    sha256: str


def held(store: Store, keys: Mapping[str, str], kind: str) -> Held | None:
    """Return the artifact of a kind, None if the run has not made it (yet).

    Raises
    ------
    CheckpointError
        If its checkpoint is damaged.
    """
    stage = writer_of(kind).name
    if stage not in keys:
        return None
    slot = Slot(stage, keys[stage])
    meta, damage = store.meta(slot), store.damage(slot)
    if damage:
        raise CheckpointError(damage, expected="what was committed", remedy="Run again: it is remade.")
    for artifact in meta.body["artifacts"] if meta else ():
        if artifact["name"] == kind:
            return Held(slot, artifact["file"], artifact["sha256"])
    return None


def made(store: Store, run: Run, kinds: Iterable[str]) -> dict[str, Held]:
    """Return those artifacts of ``kinds`` that ``run`` has made or found.

    Raises
    ------
    CheckpointError
        If the checkpoint of one is damaged.
    """
    keys = keys_of(store, run)
    found = {kind: held(store, keys, kind) for kind in kinds}
    return {kind: artifact for kind, artifact in found.items() if artifact is not None}


def tickers(store: Store, artifact: Held) -> list[str]:
    """Return the tickers of a table, sorted."""
    return _tickers(artifact.sha256, store, artifact)


def rows_of(store: Store, artifact: Held, ticker: str, sessions: int | None) -> pd.DataFrame:
    """Return one ticker's rows in date order: the last ``sessions`` of them, or all."""
    rows = _rows(artifact.sha256, ticker, store, artifact)
    return rows if sessions is None else rows.tail(sessions)


def columns_of(store: Store, artifact: Held) -> list[str]:
    """Return the columns of a table but its keys, date and ticker."""
    return _columns(artifact.sha256, store, artifact)


def header_of(store: Store, artifact: Held) -> dict[str, Any]:
    """Return the header fields of a table."""
    return _header(artifact.sha256, store, artifact)


def document(store: Store, artifact: Held) -> dict[str, Any]:
    """Return a document's body."""
    return _document(artifact.sha256, store, artifact)


def summary(store: Store, findings: Held, repairs: Held, rows: Held) -> dict[str, Any]:
    """Return rows in and out, period, and findings and repairs by rule, as the evaluation has them.

    ``rows`` is the table of cleaned prices or of features: both have the same rows.
    """
    return _summary(findings.sha256, repairs.sha256, rows.sha256, store, (findings, repairs, rows))


def definitions(store: Store, features: Held) -> dict[str, str]:
    """Return what each feature is, by name; empty when another version of the program made the table."""
    return _definitions(features.sha256, store, features)


def coverage(store: Store, prices: Held) -> pd.DataFrame:
    """Return the share of sessions with a row by ticker and month, of at most :data:`MOST_TICKERS`."""
    meta = store.meta(prices.slot)
    calendar = str(meta.body["parameters"]["calendar"]) if meta else ""
    return _coverage(prices.sha256, calendar, store, prices)


def windows_of(store: Store, features: Held, column: str, ticker: str, sessions: int) -> TwoWindows:
    """Return a feature in the latest ``sessions`` and before, of one ticker or all (:data:`ALL`)."""
    return _windows(features.sha256, column, ticker, sessions, store, features)


def correlation(store: Store, features: Held, ticker: str) -> pd.DataFrame:
    """Return the rank correlation of what a model sees, of one ticker or all (:data:`ALL`)."""
    return _correlation(features.sha256, ticker, store, features)


def warm_up(store: Store, features: Held, ticker: str) -> pd.DataFrame:
    """Return what each feature needs before its first value, and where one ticker has none."""
    from core.queries.series.feature_relations import warm_up_table

    rows = rows_of(store, features, ticker, None)
    needs = header_of(store, features).get("warm_up") or {}
    return warm_up_table(rows, needs, definitions(store, features))


def past_signals(settings: Settings) -> dict[str, Any]:
    """Return what became of past signals; read anew once a checkpoint is made that may say more."""
    from core.queries.models.past_signals import mark_of_signals
    from core.queries.models.track_record import resampling

    return _past_signals(
        mark_of_signals(settings.data), str(settings.data), resampling(settings), _settings=settings
    )


def trends(store: Store, journal: Journal) -> pd.DataFrame:
    """Return a row per run with a report; what a report says is read once, where it stands each time."""
    from core.queries.runs.trends import trends as read

    return read(
        store, journal, read=lambda s, j, run, sha256: _figures(sha256, run.keys["report"], s, j, run)
    )


def download(frame: pd.DataFrame, name: str) -> None:
    """Draw a button that gives ``frame`` as CSV; it is made when the button is pressed."""
    from core.report.as_csv import safe_csv

    st.download_button(
        "Download CSV", lambda: safe_csv(frame), f"{name}.csv", "text/csv", key=f"download_{name}",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


@st.cache_resource(max_entries=4, show_spinner="Reading…")
def _table(sha256: str, _store: Store, _artifact: Held) -> Table:
    # a resource: it is never handed out, only parts of it, so nobody can change it
    decoded = decode(_read(sha256, _store, _artifact), _artifact.filename)
    if not isinstance(decoded, Table):
        raise DataError(f"{_artifact.filename} is a document", expected="a table")
    return decoded


def _read(sha256: str, store: Store, artifact: Held) -> bytes:
    data = store.read(artifact.slot, artifact.filename)
    if digest(data) != sha256:
        raise CheckpointError(f"{artifact.filename} changed while it was read", remedy="Reload the page.")
    return data


@st.cache_data(max_entries=16, show_spinner=False)
def _tickers(sha256: str, _store: Store, _artifact: Held) -> list[str]:
    return sorted(_table(sha256, _store, _artifact).frame[col.TICKER].unique().tolist())


@st.cache_data(max_entries=64, show_spinner=False)
def _rows(sha256: str, ticker: str, _store: Store, _artifact: Held) -> pd.DataFrame:
    frame = _table(sha256, _store, _artifact).frame
    return frame[frame[col.TICKER] == ticker].sort_values(col.DATE).reset_index(drop=True)


@st.cache_data(max_entries=16, show_spinner=False)
def _columns(sha256: str, _store: Store, _artifact: Held) -> list[str]:
    names = [str(name) for name in _table(sha256, _store, _artifact).frame]
    return [name for name in names if name not in (col.DATE, col.TICKER)]


@st.cache_data(max_entries=16, show_spinner=False)
def _header(sha256: str, _store: Store, _artifact: Held) -> dict[str, Any]:
    return dict(_table(sha256, _store, _artifact).header)


@st.cache_data(max_entries=16, show_spinner=False)
def _coverage(sha256: str, calendar: str, _store: Store, _artifact: Held) -> pd.DataFrame:
    from core.queries.series.price_charts import coverage, thinnest

    return thinnest(coverage(_table(sha256, _store, _artifact).frame, calendar), MOST_TICKERS)


@st.cache_resource(max_entries=32, show_spinner=False)
def _windows(
    sha256: str, column: str, ticker: str, sessions: int, _store: Store, _artifact: Held
) -> TwoWindows:
    # a resource: read-only arrays need no copy for each page
    from core.queries.models.curves import two_windows

    frame = _table(sha256, _store, _artifact).frame
    found = two_windows(frame, column, sessions, ticker=None if ticker == ALL else ticker)
    found.reference.flags.writeable = found.current.flags.writeable = False
    return found


@st.cache_data(max_entries=16, show_spinner=False)
def _correlation(sha256: str, ticker: str, _store: Store, _artifact: Held) -> pd.DataFrame:
    from core.features.definitions import model_features
    from core.queries.series.feature_relations import rank_correlation

    frame = _table(sha256, _store, _artifact).frame
    names = [name for name in (*model_features(), col.UP_NEXT) if name in frame]
    return rank_correlation(_of(frame, ticker), names)


@st.cache_data(max_entries=4, show_spinner="Comparing past signals with what happened…")
def _past_signals(*key: Hashable, _settings: Settings) -> dict[str, Any]:  # noqa: ARG001 - what it rests on
    from core.queries.models.past_signals import past_signals as read

    return read(_settings)


@st.cache_data(max_entries=1024, show_spinner=False)
def _figures(sha256: str, key: str, _store: Store, _journal: Journal, _run: Run) -> Figures:  # noqa: ARG001 - the key tells reports of one text apart
    from core.queries.runs.trends import figures

    return figures(_store, _journal, _run, sha256)


def _of(frame: pd.DataFrame, ticker: str) -> pd.DataFrame:
    return frame if ticker == ALL else frame[frame[col.TICKER] == ticker]


@st.cache_data(max_entries=16, show_spinner=False)
def _document(sha256: str, _store: Store, _artifact: Held) -> dict[str, Any]:
    decoded = decode(_read(sha256, _store, _artifact), _artifact.filename)
    if not isinstance(decoded, Document):
        raise DataError(f"{_artifact.filename} is a table", expected="a document")
    return dict(decoded.body)


@st.cache_data(max_entries=16, show_spinner=False)
def _summary(
    findings: str, repairs: str, rows: str, _store: Store, _held: tuple[Held, Held, Held]
) -> dict[str, Any]:
    from core.evaluation.summaries import data_summary

    bodies = [_document(sha256, _store, a) for sha256, a in zip((findings, repairs), _held[:2], strict=True)]
    documents = Document("findings", bodies[0]), Document("repairs", bodies[1])
    return data_summary(*documents, _table(rows, _store, _held[2]))


@st.cache_data(max_entries=16, show_spinner=False)
def _definitions(sha256: str, _store: Store, _artifact: Held) -> dict[str, str]:
    from core.features import LABEL_TEXT, definition_digest, definitions

    header = _table(sha256, _store, _artifact).header
    if header.get("definition_digest") != definition_digest():
        return {}
    return {d["name"]: d["text"] for d in definitions()} | {col.UP_NEXT: LABEL_TEXT}
