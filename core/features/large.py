"""Features over shards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core import columns as col
from core.features.definitions import columns
from core.features.engineering import by_ticker, header
from core.tables.engine import Engine
from core.tables.shards import Sharded, ShardWriter

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from core.platform.progress import Progress


def engineer(prices: Sharded, *, path: Path, engine: Engine, progress: Progress) -> Sharded:
    """Return what :func:`core.features.engineer` returns, from a table of shards, by ticker and date.

    Raises
    ------
    DataError
        As there.
    """
    with ShardWriter(path, "features") as writer:
        for number, rows in enumerate(engine.each(partial(_shard, prices), range(prices.shards)), start=1):
            writer.add(rows)
            progress(number, prices.shards)
        return writer.done(header())


def _shard(prices: Sharded, number: int) -> pa.Table:
    import pyarrow as pa

    made = by_ticker(prices.shard(number, [col.DATE, col.TICKER, col.ADJ_CLOSE]))
    tickers = pa.DictionaryArray.from_arrays(made.codes.astype("int32"), pa.array(made.names, pa.string()))
    values = {**made.columns, col.TICKER: tickers}
    return pa.table({name: pa.array(values[name], from_pandas=True) for name in columns()})
