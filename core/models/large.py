"""Training and scoring over shards: fits on as many tickers as memory is meant for, judgement of every row.

A model of nine inputs learns nothing from ten million rows that two million do not tell it, and no solver
in use here reads rows piece by piece. So above :data:`TRAINING_ROWS` models learn from whole tickers taken at
even steps through the alphabet, and the predictions' header says from how many. Every ticker's rows are
predicted and judged. Reasons and figures: ``docs/decisions/010-large-tables.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.features import model_features
from core.models.candidate import Fitting, candidate
from core.models.loader import load_model
from core.models.rows import Rows, rows_of
from core.models.scoring import predictions_frame, scored_header
from core.models.splits import Fold
from core.models.training import (
    Training,
    fold_entry,
    header_of,
    single_thread,
    split,
    usable_folds,
    used_by_candidate,
    why_untrainable,
)
from core.tables.artifacts import PARQUET_ABOVE_ROWS, Document, Table
from core.tables.shards import Sharded, ShardWriter, arrow_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from core.parameters import Value
    from core.platform.progress import Progress
    from core.tables.engine import Engine

TRAINING_ROWS = 2_000_000
"""Rows that models learn from at most: the fit of them peaks at about 1 GB."""

_NEEDED = (col.DATE, col.TICKER, *model_features(), col.UP_NEXT)


@dataclass(frozen=True)
class _Fitted:
    """The models of one fold by probability column, and the rows that they are judged by."""

    fold: Fold
    learnt: Mapping[str, Any]


@dataclass(frozen=True)
class _Predicted:
    """What came of one shard: rows, how many by fold, each ticker's last row, sessions after training."""

    rows: pa.Table
    by_fold: Mapping[int, int]
    last: Rows
    sessions: tuple[Any, ...] = ()


def train(
    features: Sharded,
    parameters: Mapping[str, Value],
    *,
    features_sha256: str,
    path: Path,
    engine: Engine,
    progress: Progress,
) -> tuple[Table, Document | None]:
    """Return what :func:`core.models.training.train` returns, from a table of shards.

    The header's ``trained_on`` says how many tickers and rows the models learnt from, of how many.

    Raises
    ------
    DataError, ModelError
        As there.
    """
    plan, (rows, learnt_from) = Training.of(parameters), _sample(features)
    with single_thread():
        folds = list(usable_folds(rows, plan))
        fitted = [_fit(rows, judged, plan) for judged in folds]
        made, frame, table = _predicted(features, fitted, path, engine, progress)
        used = used_by_candidate(rows, plan)
        reason = why_untrainable(rows.label[used])
        fitting = Fitting(plan.kinds[0], plan.seed, features_sha256)
        model = None if reason else candidate(rows, used, frame, len(folds), fitting)
    entries = [{**fold_entry(j), "test_rows": sum(m.by_fold[j.fold.number] for m in made)} for j in folds]
    header = header_of(_joined([one.last for one in made]), entries, plan, model, reason)
    return table({**header, "trained_on": learnt_from}), model


def _sample(features: Sharded) -> tuple[Rows, dict[str, int]]:
    """Return the rows that models learn from, and of how many tickers and rows they are."""
    step = -(-features.rows // TRAINING_ROWS)
    parts, tickers, chosen = [], 0, 0
    for frame in features.each(_NEEDED):
        names = frame[col.TICKER].cat.categories
        codes = frame[col.TICKER].cat.codes.to_numpy()
        # counted over all shards: every step-th ticker, wherever shards begin
        wanted = (np.arange(len(names)) + tickers) % step == 0
        parts.append(frame[wanted[codes]])
        tickers += len(names)
        chosen += int(wanted.sum())
    whole = pd.concat([part.astype({col.TICKER: "str"}) for part in parts], ignore_index=True)
    about = {"tickers": chosen, "of_tickers": tickers, "rows": len(whole), "of_rows": features.rows}
    parts.clear()
    return rows_of(Table("features", whole, features.header), columns_needed=_NEEDED), about


def _fit(rows: Rows, judged: Any, plan: Training) -> _Fitted:
    inputs, label = rows.inputs[judged.train], rows.label[judged.train]
    kinds = zip(plan.columns(), plan.kinds, strict=True)
    learnt = {name: (kind, kind.fit(inputs, label, seed=plan.seed)) for name, kind in kinds}
    return _Fitted(judged.fold, learnt)


def _predicted(
    features: Sharded, fitted: Sequence[_Fitted], path: Path, engine: Engine, progress: Progress
) -> tuple[list[_Predicted], pd.DataFrame, Callable[[Mapping[str, Any]], Table]]:
    """Return what came of each shard, the rows for the model's own record, and how the table is finished."""
    made, slim = [], []
    writer = ShardWriter(path, "predictions")
    work = partial(_predict_shard, features, tuple(fitted))
    for number, one in enumerate(engine.each(work, range(features.shards)), start=1):
        if len(one.rows):
            writer.add(one.rows)
        slim.append(one.rows.select(list(col.PREDICTIONS)))
        made.append(replace(one, rows=one.rows.schema.empty_table()))
        progress(number, features.shards)
    frame = frame_of_all(slim)
    return made, frame, partial(_finished, writer, frame)


def frame_of_all(parts: list[pa.Table]) -> pd.DataFrame:
    """Return parts with coded tickers as one frame, its tickers as categories in text order.

    The parts are emptied on the way: the rows are not held twice.
    """
    import pyarrow as pa

    whole = pa.concat_tables(parts)
    parts.clear()
    frame: pd.DataFrame = whole.unify_dictionaries().to_pandas(
        use_threads=False, split_blocks=True, self_destruct=True
    )
    return frame.astype({col.DATE: "datetime64[s]"}) if col.DATE in frame else frame


def _predict_shard(features: Sharded, fitted: Sequence[_Fitted], number: int) -> _Predicted:
    rows = rows_of(_coded(features, number), columns_needed=_NEEDED)
    names = ["probability"] if not fitted else list(fitted[0].learnt)
    nothing = np.zeros(len(rows.label), dtype=bool)
    parts = [predictions_frame(rows, nothing, {name: np.empty(0) for name in names})]
    counts = {}
    for one in fitted:
        judged = split(rows, one.fold).test
        chances = {name: kind.probability(p, rows.inputs[judged]) for name, (kind, p) in one.learnt.items()}
        parts.append(predictions_frame(rows, judged, chances, one.fold.number))
        counts[one.fold.number] = int(judged.sum())
    whole = pd.concat(parts, ignore_index=True).sort_values([col.TICKER, col.DATE], kind="stable")
    return _Predicted(_by_ticker(whole), counts, _last(rows))


def _coded(features: Sharded, number: int) -> Table:
    return Table("features", features.shard(number, _NEEDED), features.header)


def _by_ticker(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    rows = arrow_of(frame.astype({col.TICKER: "category"}))
    place = rows.column_names.index(col.TICKER)
    # pandas counts categories in as few bytes as fit: those of all shards together need more
    coded = rows.column(place).cast(pa.dictionary(pa.int32(), pa.string()))
    return rows.set_column(place, col.TICKER, coded)


def _last(rows: Rows) -> Rows:
    """Return each ticker's last row."""
    kept = rows.last
    return Rows(*(getattr(rows, f.name)[kept] for f in fields(Rows)))


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)))


def _finished(writer: ShardWriter, frame: pd.DataFrame, header: Mapping[str, Any]) -> Table:
    """Return the predictions under their header: on disk if they are many, else in memory."""
    with writer:
        if not len(frame):
            return Table("predictions", frame.astype({col.TICKER: "str"}), dict(header))
        stored = writer.done(header)
    return stored if stored.rows > PARQUET_ABOVE_ROWS else Table(stored.kind, stored.frame, stored.header)


def score(
    features: Sharded,
    model: Document,
    parameters: Mapping[str, Value],
    *,
    path: Path,
    engine: Engine,
    progress: Progress,
) -> Table:
    """Return what :func:`core.models.scoring.score` returns, from a table of shards.

    Raises
    ------
    ModelError, DataError
        As there.
    """
    loaded = load_model(model)
    writer, made, slim, sessions = ShardWriter(path, "predictions"), [], [], set[Any]()
    for number, one in enumerate(
        engine.each(partial(_score_shard, features, model), range(features.shards)), start=1
    ):
        if len(one.rows):
            writer.add(one.rows)
        slim.append(one.rows.select([col.DATE, col.TICKER]))
        sessions |= set(one.sessions)
        made.append(one.last)
        progress(number, features.shards)
    header = scored_header(_joined(made), len(sessions), loaded, str(parameters["calendar"]))
    return _finished(writer, frame_of_all(slim), header)


def _score_shard(features: Sharded, model: Document, number: int) -> _Predicted:
    loaded = load_model(model)
    rows = rows_of(_coded(features, number), columns_needed=_NEEDED)
    new = rows.complete & (rows.dates > np.datetime64(loaded.trained_to, "D"))
    frame = predictions_frame(rows, new, {col.PROBABILITY: loaded.probability(rows.inputs[new])})
    later = np.unique(rows.dates[rows.dates > np.datetime64(loaded.trained_to, "D")])
    ordered = frame.sort_values([col.TICKER, col.DATE], kind="stable")
    return _Predicted(_by_ticker(ordered), {}, _last(rows), tuple(later.tolist()))
