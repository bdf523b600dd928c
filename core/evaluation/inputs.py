"""What an evaluation reads: the artifacts of the stages before it, checked for the columns that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from core import columns as col
from core.errors import DataError
from core.evaluation.evaluate_settings import EvaluateSettings
from core.label import Label
from core.measures.bootstrap import Resampling
from core.tables.artifacts import Artifact, Document, Table
from core.tables.inputs import document_of, table_of
from core.tables.stored import StoredRows
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDED = {
    "predictions": col.PREDICTIONS,
    "features": (col.DATE, col.TICKER, col.RETURN, col.UP_NEXT),
}


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the stage reads, with its settings."""

    predictions: Table
    features: Table
    findings: Document
    repairs: Document
    model: Document | None
    champion: Document | None
    settings: EvaluateSettings
    workplace: Workplace

    @property
    def mode(self) -> str:
        """``train`` or ``score``; a table without header says it by having folds or not."""
        mode = self.predictions.header.get("mode")
        return str(mode or ("train" if self.predictions[col.FOLD].notna().any() else "score"))

    @property
    def label(self) -> Label:
        """What the outcomes are of."""
        return Label.of(self.features.header)

    @property
    def resampling(self) -> Resampling:
        s = self.settings
        return Resampling(s.bootstrap_samples, s.block_sessions, s.confidence, s.bootstrap_seed)


def read(inputs: Mapping[str, Artifact], settings: EvaluateSettings, workplace: Workplace) -> Inputs:
    """Return the inputs by kind; a DataError if a table lacks a column."""
    return Inputs(
        predictions=_table(inputs, "predictions"),
        features=_table(inputs, "features"),
        findings=document_of(inputs, "findings"),
        repairs=document_of(inputs, "repairs"),
        model=document_of(inputs, "model") if "model" in inputs else None,
        champion=document_of(inputs, "champion") if "champion" in inputs else None,
        settings=settings,
        workplace=workplace,
    )


def in_memory(predictions: Table) -> pd.DataFrame:
    """Return the rows of predictions, those of a stored table with coded tickers."""
    if not isinstance(predictions.content, StoredRows):
        return predictions.content
    # column by column: what was read of one is gone before the next
    return pd.DataFrame({name: predictions[name] for name in predictions.columns}, copy=False)


def _table(inputs: Mapping[str, Artifact], kind: str) -> Table:
    table = table_of(inputs, kind)
    missing = [name for name in _NEEDED[kind] if name not in table]
    if missing:
        raise DataError(
            f"{kind} lacks {', '.join(missing)}",
            expected=f"the columns {', '.join(_NEEDED[kind])}",
            remedy="Make the table again with the stage that writes it.",
        )
    return table
