"""The only loaders of the desk: every read is verified, what was read is kept by its content's digest.

A file that is damaged after it was kept is still noticed: digests are compared before the cache is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import columns as col
from core.artifacts import Document, Table, decode
from core.errors import CheckpointError, DataError
from core.fingerprint import sha256 as digest
from core.journal import Run
from core.stages import writer_of
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind

if TYPE_CHECKING:
    import pandas as pd

ALL = "All tickers"

PERIODS = {"1 year": 252, "3 years": 756, "All": None}
"""Sessions that a chart shows; a year of US exchanges has 252."""


@dataclass(frozen=True)
class Held:
    """An artifact that was there and whole when this was made."""

    slot: Slot
    filename: str
    sha256: str


def keys_of(store: Store, run: Run) -> dict[str, str]:
    """Return the key of each stage of ``run``, also of stages that its report only rests on."""
    keys = dict(run.keys)
    report = keys.get("report")
    if report and store.meta(Slot("report", report)) is not None:
        keys = keys_behind(store, Slot("report", report)) | keys
    return keys


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


def tickers(store: Store, artifact: Held) -> list[str]:
    """Return the tickers of a table, sorted."""
    return _tickers(artifact.sha256, store, artifact)


def rows_of(store: Store, artifact: Held, ticker: str, sessions: int | None) -> pd.DataFrame:
    """Return one ticker's rows in date order: the last ``sessions`` of them, or all."""
    rows = _rows(artifact.sha256, ticker, store, artifact)
    return rows if sessions is None else rows.tail(sessions)


def values_of(store: Store, artifact: Held, column: str, ticker: str) -> pd.Series:
    """Return a column of one ticker, or of all of them (:data:`ALL`)."""
    return _values(artifact.sha256, column, ticker, store, artifact)


def document(store: Store, artifact: Held) -> dict[str, Any]:
    """Return a document's body."""
    return _document(artifact.sha256, store, artifact)


def summary(store: Store, findings: Held, repairs: Held, features: Held) -> dict[str, Any]:
    """Return rows in and out, period, and findings and repairs by rule, as the evaluation has them."""
    return _summary(findings.sha256, repairs.sha256, features.sha256, store, (findings, repairs, features))


def definitions(store: Store, features: Held) -> dict[str, str]:
    """Return what each feature is, by name; empty when another version of the program made the table."""
    return _definitions(features.sha256, store, features)


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


@st.cache_data(max_entries=32, show_spinner=False)
def _values(sha256: str, column: str, ticker: str, _store: Store, _artifact: Held) -> pd.Series:
    frame = _table(sha256, _store, _artifact).frame
    return frame[column] if ticker == ALL else frame.loc[frame[col.TICKER] == ticker, column]


@st.cache_data(max_entries=16, show_spinner=False)
def _document(sha256: str, _store: Store, _artifact: Held) -> dict[str, Any]:
    decoded = decode(_read(sha256, _store, _artifact), _artifact.filename)
    if not isinstance(decoded, Document):
        raise DataError(f"{_artifact.filename} is a table", expected="a document")
    return dict(decoded.body)


@st.cache_data(max_entries=16, show_spinner=False)
def _summary(
    findings: str, repairs: str, features: str, _store: Store, _held: tuple[Held, Held, Held]
) -> dict[str, Any]:
    from core.evaluation.summaries import data_summary

    bodies = [_document(sha256, _store, a) for sha256, a in zip((findings, repairs), _held[:2], strict=True)]
    documents = Document("findings", bodies[0]), Document("repairs", bodies[1])
    return data_summary(*documents, _table(features, _store, _held[2]))


@st.cache_data(max_entries=16, show_spinner=False)
def _definitions(sha256: str, _store: Store, _artifact: Held) -> dict[str, str]:
    from core.features import LABEL_TEXT, definition_digest, definitions

    header = _table(sha256, _store, _artifact).header
    if header.get("definition_digest") != definition_digest():
        return {}
    return {d["name"]: d["text"] for d in definitions()} | {col.UP_NEXT: LABEL_TEXT}
