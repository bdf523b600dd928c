"""Whether a run's history will be enough to judge a model, said before it starts where the source can tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import AftercloseError
from core.models.splits import judged_sessions_needed, least_training
from core.parameters import AUTO, Value, settings_from
from core.report.formatting import count, counted
from core.sources import MOVING
from core.sources.ingest_settings import SessionSettings
from core.sources.reading import FILES, sessions_within
from core.store.ticker_lists import expand

if TYPE_CHECKING:
    from core.paths import StoragePath
    from core.platform.isolated import Bounds

READ_BYTES, COLUMN_BYTES = 4 << 20, 128 << 20
"""Larger files are not read for a question that the run answers: this much text takes half a second, and so does this
much of a Parquet file, of which tickers, dates and closes alone are read."""

_WEEKDAYS, _EVERY_DAY = "1111100", "1111111"


def shortage(values: Mapping[str, Value], root: StoragePath, bounds: Bounds) -> str:
    """Return why a training run will end as "insufficient data" and what would do; empty where that is not known.

    The number of sessions is the most that can be: those of the sample or of a file that is not too large, or of a live
    source the days from start to end on which an exchange may be open. What cleaning takes away and features need at
    the start comes on top.

    Parameters
    ----------
    values : mapping of str to Value
        As :func:`core.runs.resolve.resolve` gives them.
    root : StoragePath
        Data root, for a list of tickers that is too long for a key.
    bounds : Bounds
        What reading a file may take.
    """
    if values.get("mode") != "train":
        return ""
    sessions = most_sessions(values, root, bounds)
    return "" if sessions is None else shortage_of(sessions, values)


def shortage_of(sessions: int, values: Mapping[str, Value]) -> str:
    """Return why so many sessions are not enough to judge a model, empty where they are.

    Parameters
    ----------
    sessions : int
        The most that there can be.
    values : mapping of str to Value
        ``min_train_sessions``, ``horizon_sessions`` and ``embargo_sessions`` of the run.
    """
    horizon, embargo = int(values.get("horizon_sessions") or 1), int(values.get("embargo_sessions") or 0)
    labelled, setting = max(sessions - horizon, 0), values["min_train_sessions"]
    to_judge = judged_sessions_needed(horizon)
    first = needed_sessions(values) - to_judge - horizon
    if labelled - first >= to_judge:
        return ""
    return (
        f'The verdict will be "insufficient data": there are at most {counted(labelled, "session")} with a known '
        f"outcome, and {count(first + to_judge)} are needed, {count(first)} to learn from "
        f"(min_train_sessions = {setting}) and {to_judge} to judge. {_remedy(labelled - to_judge, horizon, embargo)}"
    )


def _remedy(most: int, horizon: int, embargo: int) -> str:
    """Return what would do where at most so many sessions are left to learn from."""
    least = least_training(horizon, embargo)
    if most >= least:
        return f"Set it to {AUTO}, or to {count(most)} or fewer."
    more = counted(least - most, "more session")
    if most >= least_training(horizon):
        return f"Lower embargo_sessions, which is {count(embargo)}, or bring {more}."
    return f"Bring {more} at least."


def needed_sessions(values: Mapping[str, Value]) -> int:
    """Return from how many sessions on a model can be judged: to learn from, to judge, and to know the outcome."""
    horizon, setting = int(values.get("horizon_sessions") or 1), values["min_train_sessions"]
    least = least_training(horizon, int(values.get("embargo_sessions") or 0))
    first = least if setting == AUTO else int(setting or 0)
    return first + judged_sessions_needed(horizon) + horizon


def most_sessions(values: Mapping[str, Value], root: StoragePath, bounds: Bounds) -> int | None:
    """Return how many sessions a run can get at most; None where that is not known before it is read.

    Parameters
    ----------
    values : mapping of str to Value
        As :func:`core.runs.resolve.resolve` gives them.
    root : StoragePath
        Data root, for a list of tickers that is too long for a key.
    bounds : Bounds
        What reading a file may take.
    """
    if values["source"] not in MOVING:
        try:
            tickers = expand(str(values["tickers"] or ""), root)
            span = (str(values["start"] or ""), str(values["end"] or "9999"))
            return _sessions_held(settings_from(SessionSettings, values), tickers, span, bounds)
        except (AftercloseError, OSError):
            return None  # the run says what is wrong with it
    if not values["start"] or not values["end"]:
        return None
    import numpy as np

    first, last = (np.datetime64(date.fromisoformat(str(values[name]))) for name in ("start", "end"))
    weekmask = _EVERY_DAY if values["calendar"] == "24/7" else _WEEKDAYS
    return int(np.busday_count(first, last + 1, weekmask))


@lru_cache(maxsize=8)
def _sessions_held(
    settings: SessionSettings, tickers: tuple[str, ...], span: tuple[str, str], bounds: Bounds
) -> int | None:
    """Return how many days the sample, or small files, have; the digest of their bytes is in ``settings``."""
    from core.sources.tabular.bytestream import is_parquet
    from core.sources.tabular.inventory import inventory_of

    if settings.source == FILES:
        files = inventory_of(settings.path).files
        with files[0].open("rb") as stream:
            columns_alone = len(files) == 1 and is_parquet(stream.read(4))
        if sum(file.stat().st_size for file in files) > (COLUMN_BYTES if columns_alone else READ_BYTES):
            return None
    return len(sessions_within(bounds, settings, tickers, span))
