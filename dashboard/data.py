"""Cached loaders of tables, documents and figures: each read is verified, and kept by the digest of its content.

A file that is damaged after it was kept is still noticed: digests are compared before the cache is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import columns as col
from core.errors import CheckpointError, DataError
from core.journal import Journal, Run
from core.queries.runs.holdings import keys_of
from core.queries.runs.trends import ReportDigest
from core.request.settings import Settings
from core.request.stages import writer_of
from core.store.artifacts import artifact_at, file_of
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Document, Table
from dashboard import parts

if TYPE_CHECKING:
    import pandas as pd

    from core.queries.models.curves import TwoWindows
    from core.queries.models.recent_calls import RecentCalls
    from core.queries.runs.trends import Figures
    from core.queries.series.small_multiples import SmallMultiple

ALL = "All tickers"

MOST_TICKERS = 40
"""Rows of the coverage chart; more would be thinner than a line of text."""

PERIODS = {"3 months": 63, "1 year": 252, "3 years": 756, "All": None}
"""Sessions that a chart shows; a year of US exchanges has 252."""

_FEW_YEARS, _DAYS = "3 years", 3 * 365
"""What a chart of prices shows at first, and about how many days that is."""


def first_period(findings: Iterable[Mapping[str, Any]], last: str) -> str:
    """Return what a chart of prices up to a day shows at first: three years, or all where a finding lies before them.

    Parameters
    ----------
    findings : iterable of mapping
        ``ticker`` and ``date`` (None: about no ticker, no day) and, of several days, ``dates``.
    last : str
        The newest session, ISO.

    Examples
    --------
    >>> first_period([{"ticker": "A", "date": "2013-01-02"}, {"ticker": "A", "date": None}], "2013-03-01")
    '3 years'
    >>> first_period([{"ticker": "A", "date": "2012-01-03", "dates": ["2012-01-03", "2003-06-02"]}], "2013-03-01")
    'All'
    """
    begin = (date.fromisoformat(last) - timedelta(days=_DAYS)).isoformat()
    days = (day for each in findings if each["ticker"] for day in each.get("dates") or [each["date"]])
    return "All" if any(day and day < begin for day in days) else _FEW_YEARS


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact that was there and whole when this was made."""

    slot: Slot
    filename: str
    sha256: str


def artifact_of(store: Store, keys: Mapping[str, str], kind: str) -> StoredArtifact | None:
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
    filename = file_of(kind, store, slot)
    return (
        None if meta is None or filename is None else StoredArtifact(slot, filename, meta.digests[filename])
    )


def artifacts_of(store: Store, run: Run, kinds: Iterable[str]) -> dict[str, StoredArtifact]:
    """Return those artifacts of ``kinds`` that ``run`` has made or found.

    Raises
    ------
    CheckpointError
        If the checkpoint of one is damaged.
    """
    keys = keys_of(store, run)
    return {kind: artifact for kind in kinds if (artifact := artifact_of(store, keys, kind)) is not None}


BY_CONTENT: dict[str | type[Any], Any] = {
    StoredArtifact: attrgetter("sha256"),
    Store: lambda _: "",
    Journal: lambda _: "",
}
"""What a cache goes by: the digest of what is read, wherever it stands."""


@st.cache_resource(max_entries=4, show_spinner="Reading…", hash_funcs=BY_CONTENT)
def _table(store: Store, artifact: StoredArtifact) -> Table:
    # a resource: it is never handed out, only parts of it, so nobody can change it
    return table(store, artifact)


def table(store: Store, artifact: StoredArtifact) -> Table:
    """Return a table, verified and not kept."""
    decoded = _decoded(store, artifact)
    if not isinstance(decoded, Table):
        raise DataError(f"{artifact.filename} is a document", expected="a table")
    return decoded


def _decoded(store: Store, artifact: StoredArtifact) -> object:
    meta = store.meta(artifact.slot)
    if meta is None or meta.digests.get(artifact.filename) != artifact.sha256:
        raise CheckpointError(f"{artifact.filename} changed while it was read", remedy="Reload the page.")
    return artifact_at(store, artifact.slot, artifact.filename)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def tickers(store: Store, artifact: StoredArtifact) -> list[str]:
    """Return the tickers of a table, sorted."""
    return sorted(_table(store, artifact).frame[col.TICKER].unique().tolist())


def rows_of(store: Store, artifact: StoredArtifact, ticker: str, sessions: int | None) -> pd.DataFrame:
    """Return one ticker's rows in date order: the last ``sessions`` of them, or all."""
    rows = _rows(store, artifact, ticker)
    return rows if sessions is None else rows.tail(sessions)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_CONTENT)
def _rows(store: Store, artifact: StoredArtifact, ticker: str) -> pd.DataFrame:
    return _of(_table(store, artifact).frame, ticker).sort_values(col.DATE).reset_index(drop=True)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def recent_calls(store: Store, artifact: StoredArtifact) -> Mapping[str, RecentCalls]:
    """Return how often the last calls on each ticker came true, by ticker."""
    from core.queries.models.recent_calls import recent_calls

    return recent_calls(_table(store, artifact).frame)


def raw_rows(store: Store, artifact: StoredArtifact, ticker: str, sessions: int | None) -> pd.DataFrame:
    """Return one ticker's close and volume as they came, in date order; what is no number is NaN."""
    import pandas as pd

    rows = rows_of(store, artifact, ticker, sessions)[[col.DATE, col.CLOSE, col.VOLUME]]
    return rows.assign(
        **{name: pd.to_numeric(rows[name], errors="coerce") for name in (col.CLOSE, col.VOLUME)}
    )


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def columns_of(store: Store, artifact: StoredArtifact) -> list[str]:
    """Return the columns of a table but its keys, date and ticker."""
    names = [str(name) for name in _table(store, artifact).frame]
    return [name for name in names if name not in (col.DATE, col.TICKER)]


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def header_of(store: Store, artifact: StoredArtifact) -> dict[str, Any]:
    """Return the header fields of a table."""
    return dict(_table(store, artifact).header)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def document(store: Store, artifact: StoredArtifact) -> dict[str, Any]:
    """Return a document's body."""
    decoded = _decoded(store, artifact)
    if not isinstance(decoded, Document):
        raise DataError(f"{artifact.filename} is a table", expected="a document")
    return dict(decoded.body)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def summary(
    store: Store, findings: StoredArtifact, repairs: StoredArtifact, rows: StoredArtifact
) -> dict[str, Any]:
    """Return rows in and out, period, and findings and repairs by rule, as the evaluation has them.

    ``rows`` is the table of cleaned prices or of features: both have the same rows.
    """
    from core.evaluation.summaries import data_summary

    bodies = Document("findings", document(store, findings)), Document("repairs", document(store, repairs))
    return data_summary(*bodies, _table(store, rows))


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def definitions(store: Store, features: StoredArtifact) -> dict[str, str]:
    """Return what each feature is, by name; empty when another version of the program made the table."""
    from core.features import definition_digest, definitions
    from core.features.definitions import own_of
    from core.label import Label

    header = _table(store, features).header
    own = own_of(header)
    if header.get("definition_digest") != definition_digest(own=own):
        return {}
    return {d["name"]: d["text"] for d in definitions(own=own)} | {col.UP_NEXT: Label.of(header).text}


def audit_words(store: Store, features: StoredArtifact) -> str:
    """Return how all features were audited for look-ahead; empty where a table says nothing of it."""
    from core.features.definitions import AUDIT
    from core.report.about_features import audit_words

    return audit_words(header_of(store, features).get(AUDIT))


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=BY_CONTENT)
def small_multiples(store: Store, prices: StoredArtifact, sessions: int | None) -> list[SmallMultiple]:
    """Return each ticker's adjusted closes over the last ``sessions`` of the table, or all, in few points."""
    from core.queries.series.small_multiples import small_multiples

    return small_multiples(_table(store, prices).frame, sessions)


def coverage(store: Store, prices: StoredArtifact) -> pd.DataFrame:
    """Return the share of sessions with a row by ticker and month, of at most :data:`MOST_TICKERS`."""
    meta = store.meta(prices.slot)
    return _coverage(store, prices, str(meta.body["parameters"]["calendar"]) if meta else "")


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def _coverage(store: Store, prices: StoredArtifact, calendar: str) -> pd.DataFrame:
    from core.queries.series.price_charts import coverage, thinnest

    return thinnest(coverage(_table(store, prices).frame, calendar), MOST_TICKERS)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_CONTENT)
def windows_of(store: Store, features: StoredArtifact, column: str, ticker: str, sessions: int) -> TwoWindows:
    """Return a feature in the latest ``sessions`` and before, of one ticker or all (:data:`ALL`)."""
    # a resource: read-only arrays need no copy for each page
    from core.queries.models.curves import two_windows

    frame = _table(store, features).frame
    windows = two_windows(frame, column, sessions, ticker=None if ticker == ALL else ticker)
    windows.reference.flags.writeable = windows.current.flags.writeable = False
    return windows


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_CONTENT)
def correlation(store: Store, features: StoredArtifact, ticker: str) -> pd.DataFrame:
    """Return the rank correlation of what a model sees, of one ticker or all (:data:`ALL`)."""
    from core.features.definitions import model_features, own_of
    from core.queries.series.feature_relations import rank_correlation

    frame = _table(store, features).frame
    own = own_of(header_of(store, features))
    names = [name for name in (*model_features(own=own), col.UP_NEXT) if name in frame]
    return rank_correlation(_of(frame, ticker), names)


def _of(frame: pd.DataFrame, ticker: str) -> pd.DataFrame:
    return frame if ticker == ALL else frame[frame[col.TICKER] == ticker]


def warm_up(store: Store, features: StoredArtifact, ticker: str) -> pd.DataFrame:
    """Return what each feature needs before its first value, and where one ticker has none."""
    from core.queries.series.feature_relations import warm_up_table

    rows = rows_of(store, features, ticker, None)
    needs = header_of(store, features).get("warm_up") or {}
    return warm_up_table(rows, needs, definitions(store, features))


def _signals_read(settings: Settings) -> tuple[Hashable, ...]:
    from core.queries.models.past_signals import mark_of_signals
    from core.queries.models.track_record import resampling

    return mark_of_signals(settings.data), str(settings.data), resampling(settings)


@st.cache_data(
    max_entries=4,
    show_spinner="Comparing past signals with what happened…",
    hash_funcs={Settings: _signals_read},
)
def past_signals(settings: Settings, profile: str) -> dict[str, Any]:
    """Return what became of a profile's past signals; read anew once a checkpoint is made that may say more."""
    from core.queries.models.past_signals import past_signals as read

    return read(settings, profile)


def trends(settings: Settings, journal: Journal) -> pd.DataFrame:
    """Return a row per run with a report; what a report says is read once, where it stands each time."""
    from core.queries.runs.trends import trends as read

    return read(settings, journal, read=_figures)


@st.cache_data(
    max_entries=1024,
    show_spinner=False,
    hash_funcs={**BY_CONTENT, ReportDigest: lambda report: (report.run.keys["report"], report.sha256)},
)
def _figures(store: Store, journal: Journal, report: ReportDigest) -> Figures:
    from core.queries.runs.trends import figures

    return figures(store, journal, report)


def download(
    frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "Download CSV"
) -> None:
    """Draw a button that gives ``frame``, or what it returns, as CSV; it is made when the button is pressed."""
    from core.report.as_csv import safe_csv

    st.download_button(
        label, parts.to_download(lambda: safe_csv(frame() if callable(frame) else frame)), f"{name}.csv",
        "text/csv",
        key=f"download_{name}", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
