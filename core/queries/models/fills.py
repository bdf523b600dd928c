"""What following a model earns where its calls can be traded: at the next open, beside the close of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation.economics import Earnings
from core.evaluation.joined import NEXT_RETURN, open_returns, with_returns
from core.label import Label
from core.measures.bootstrap import estimate
from core.measures.expanded import coverage_of
from core.measures.judged_rows import labelled_rows, numbers
from core.measures.performance import entries
from core.measures.trading import positions, trading
from core.queries.models.track_record import resampling_of
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from core.tables.artifacts import Table

CLOSE, NEXT_OPEN = "close", "next_open"
"""Where a call made after a close is filled: at that very close, or at the next open."""

NO_OPENS = "there are no opening prices"


def fills(
    predictions: Table, features: Table, prices: Table, settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what the long/flat rule earns under each fill, with intervals.

    No artifact has it: the stage evaluate does not read opens.

    Parameters
    ----------
    predictions, features : Table
        As the evaluation read them.
    prices : Table
        As the stage clean wrote them: opens are adjusted as the close of their day is.
    settings : mapping
        The evaluation's own ``settings``: cost and resampling.

    Returns
    -------
    list of dict
        For ``close`` and ``next_open``: ``fill``, ``sessions`` with a return, ``annual_return`` and ``sharpe``
        (each ``value``, ``low``, ``high``), and ``reason``, null unless there is no figure.

    Raises
    ------
    DataError
        If the tables do not belong together.
    """
    rows = labelled_rows(
        with_returns(predictions.frame, features),
        horizon_sessions=Label.of(features.header).horizon_sessions,
    )
    how = resampling_of(settings)
    following = {
        CLOSE: numbers(rows.frame, NEXT_RETURN),
        NEXT_OPEN: open_returns(rows.frame, prices, Workplace()),
    }
    position = positions(rows, rows.probability)
    rules = {fill: trading(rows, earned, position) for fill, earned in following.items()}
    quantities = {fill: Earnings(rule.net(settings["cost_bps"])) for fill, rule in rules.items()}
    estimates, coverage = estimate(quantities, rows, how), coverage_of(rows, how)
    figures = {fill: entries(estimates[fill], len(rows), coverage) for fill in rules}
    return [
        {
            "fill": fill,
            "sessions": int((~np.isnan(rule.gross)).sum()),
            "annual_return": figures[fill]["long_flat_return"],
            "sharpe": figures[fill]["long_flat_sharpe"],
            "reason": NO_OPENS if np.isnan(rule.gross).all() else None,
        }
        for fill, rule in rules.items()
    ]
