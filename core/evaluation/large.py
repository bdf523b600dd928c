"""Evaluation of large tables: features are read a column at a time, and only judged rows are held."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import DataError, ModelError
from core.evaluation.champion import CHANCES
from core.evaluation.economics import NEXT_RETURN
from core.evaluation.evaluate import evaluate as evaluate_tables
from core.features import model_features
from core.measures.rows import judged_order
from core.models.loader import load_model
from core.models.rows import rows_of
from core.tables.artifacts import Artifact, Document, Table
from core.tables.shards import Sharded

if TYPE_CHECKING:
    import pandas as pd

    from core.models.document import Model
    from core.parameters import Value
    from core.platform.progress import Progress
    from core.tables.engine import Engine

_RETURNS = (col.DATE, col.TICKER, col.RETURN)
_SEEN = (col.DATE, col.TICKER, *model_features(), col.UP_NEXT)


class Columns:
    """What a frame of features is asked for, one column at a time; rows by ticker and date."""

    def __init__(self, table: Sharded) -> None:
        self._table = table

    def __contains__(self, name: object) -> bool:
        return name in self._table.columns

    def __getitem__(self, name: str) -> pd.Series:
        """Return one column; tickers as categories."""
        from core.models.large import frame_of_all

        table = self._table
        held = frame_of_all([table.arrow(number, [name]) for number in range(table.shards)])
        return held[name]


class _Features(Table):
    """A large features table whose frame is read by column."""

    def __init__(self, table: Sharded) -> None:
        for name, value in (("kind", table.kind), ("header", table.header), ("frame", Columns(table))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_rows", table.rows)

    _rows: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows


def evaluate(
    inputs: Mapping[str, Artifact],
    digests: Mapping[str, str],
    parameters: Mapping[str, Value],
    *,
    engine: Engine,
    progress: Progress,
) -> Document:
    """Return what :func:`core.evaluation.evaluate.evaluate` returns, with features in shards.

    Raises
    ------
    DataError
        As there.
    """
    features, predictions = inputs["features"], inputs["predictions"]
    if not isinstance(features, Sharded) or not isinstance(predictions, Table):
        raise DataError("features or predictions came as a document", expected="tables")
    frame = _held(predictions)
    champion = inputs.get("champion")
    loaded = _usable(champion) if isinstance(champion, Document) else None
    frame = _by_fold(_with_returns(frame, features, loaded, engine))
    given = {**inputs, "features": _Features(features)}
    given["predictions"] = Table(predictions.kind, frame, predictions.header)
    return evaluate_tables(given, digests, parameters, progress=progress)


def _held(predictions: Table) -> pd.DataFrame:
    """Return the predictions by ticker and date, tickers as categories."""
    from core.models.large import frame_of_all

    if isinstance(predictions, Sharded):
        return frame_of_all([predictions.arrow(number) for number in range(predictions.shards)])
    frame = predictions.frame.sort_values([col.TICKER, col.DATE], kind="stable", ignore_index=True)
    return frame.astype({col.TICKER: "category"})


def _by_fold(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as they are judged, by fold, date and ticker, and empty ``frame``: no row is held twice."""
    import pandas as pd

    order = judged_order(frame)
    if order is None:
        return frame
    names = list(frame.columns)
    return pd.DataFrame({name: frame.pop(name).take(order).reset_index(drop=True) for name in names})


def _usable(champion: Document) -> Model | None:
    """Return the champion, None if it cannot be used: the contest says why."""
    try:
        return load_model(champion)
    except ModelError:
        return None


def _with_returns(
    frame: pd.DataFrame, features: Sharded, champion: Model | None, engine: Engine
) -> pd.DataFrame:
    """Return predictions with the ticker's return of that date and of its next row, and the champion's chances."""
    names = [col.RETURN, NEXT_RETURN, *([CHANCES] if champion else [])]
    found = {name: np.full(len(frame), np.nan) for name in names}
    tickers = frame[col.TICKER].cat.categories
    codes, days = frame[col.TICKER].cat.codes.to_numpy(np.int64), _whole_days(frame[col.DATE])
    work = partial(_known, features, champion)
    for names_here, counts, days_here, values in engine.each(work, range(features.shards)):
        owner = np.repeat(tickers.get_indexer(names_here), counts)
        known = owner >= 0
        if not known.any():
            continue
        keys = owner[known] * _SPAN + days_here[known]
        rows = slice(*np.searchsorted(codes, (owner[known][0], owner[known][-1] + 1)).tolist())
        wanted = codes[rows] * _SPAN + days[rows]
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        there = keys[place] == wanted
        for name, value in zip(names, values, strict=True):
            found[name][rows] = np.where(there, value[known][place], found[name][rows])
    return frame.assign(**found)


_SPAN = 10_000_000
"""More days than any calendar has: ticker and day as one whole number."""


def _whole_days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy("datetime64[D]").astype(np.int64) + _SPAN // 2


def _known(features: Sharded, champion: Model | None, number: int) -> tuple[Any, ...]:
    """Return tickers, rows of each, days, and the values that predictions are given, of one shard."""
    frame = features.shard(number, _RETURNS)
    codes = frame[col.TICKER].cat.codes.to_numpy(np.int64)
    days, gained = _whole_days(frame[col.DATE]), frame[col.RETURN].to_numpy(np.float64)
    same = codes[1:] == codes[:-1]
    if (same & (days[1:] == days[:-1])).any():
        raise DataError(
            "features has a date of a ticker twice",
            expected="one row per date and ticker",
            remedy="Make the features again with the stage feature_engineer.",
        )
    following = np.append(np.where(same, gained[1:], np.nan), np.nan)
    values = [gained, following]
    if champion is not None:
        values.append(_chances(features, champion, number, codes, days))
    return frame[col.TICKER].cat.categories, np.bincount(codes), days, values


def _chances(
    features: Sharded, champion: Model, number: int, codes: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """Return the champion's probability of each row of a shard, NaN up to its training's end."""
    rows = rows_of(Table("features", features.shard(number, _SEEN), features.header), columns_needed=_SEEN)
    usable = rows.complete & (rows.dates > np.datetime64(champion.trained_to, "D"))
    chances = np.full(len(usable), np.nan)
    chances[usable] = champion.probability(rows.inputs[usable])
    # rows stand by date and ticker, the shard by ticker and date
    back = np.empty(len(chances))
    back[np.lexsort((codes, days))] = chances
    return back
