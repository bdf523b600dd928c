"""What a reviewer asks of a trading rule: its risk, what costs leave of it, and how its probabilities sort tickers.

Each block is plain numbers as the evaluation writes them; what is undefined is null, and ``reason`` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation.equity import equity
from core.evaluation.joined import NEXT_RETURN, returns_over
from core.measures.information import (
    DECAY_SESSIONS,
    MIN_TICKERS,
    QUANTILES,
    Coefficients,
    MeanAndT,
    coefficients,
    factor_turnover,
    quantile_of,
    quantile_spread,
    returns_by_quantile,
)
from core.measures.judged_rows import numbers
from core.measures.performance import json_number
from core.measures.risk import (
    SESSIONS_A_YEAR,
    SWEEP_BPS,
    break_even_bps,
    cost_sweep,
    monthly_returns,
    rolling_sharpe,
)
from core.measures.trading import Trading, positions, risk_of_rule, trading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.evaluation.holding import Holdings
    from core.measures.judged_rows import JudgedRows
    from core.tables.artifacts import Table
    from core.tables.workplace import Workplace

BLOCKS = ("risk", "costs", "break_even_bps", "break_even_reason", "months", "ic", "equity")
"""What the evaluation says of trading, in its order."""


RISK = ("volatility", "max_drawdown", "turnover", "exposure", "excess_return", "information_ratio")
IC = ("mean", "t", "rank_mean", "rank_t")

_LOST = "a day lost everything"
_NO_RETURN = "no judged row has a next return"
_UNDEFINED = {
    "volatility": "fewer than two days have a return",
    "excess_return": _LOST,
    "information_ratio": "the difference from holding does not vary",
}
_NO_IC = f"no session has {MIN_TICKERS} tickers whose probabilities and returns differ"
_NO_T = "fewer than two sessions, or equal coefficients"
_NO_QUANTILE = f"no session has {QUANTILES} tickers"


@dataclass(frozen=True, eq=False)
class Market:
    """What is known of the judged tickers beside the rows.

    Parameters
    ----------
    features : Table
        Columns ``date``, ``ticker`` and ``return`` of all rows: returns over several sessions reach beyond
        what is judged.
    holding : Holdings
        Buying and holding the same tickers.
    """

    features: Table
    holding: Holdings


def blocks(rows: JudgedRows, market: Market, *, cost_bps: float, workplace: Workplace) -> dict[str, Any]:
    """Return :data:`BLOCKS` of the judged model.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``next_return``.
    market : Market
        Returns of all sessions, and holding.
    cost_bps : float
        Cost of a change of position, in basis points.
    workplace : Workplace
        Who reads the parts of large tables.
    """
    rule = trading(rows, numbers(rows.frame, NEXT_RETURN), positions(rows, rows.probability))
    no_return = _NO_RETURN if np.isnan(rule.gross).all() else _LOST
    even = break_even_bps(rule.gross, rule.turnover)
    return {
        "risk": _risk(rule, market.holding, cost_bps),
        "costs": _costs(cost_sweep(rule.gross, rule.turnover, cost_bps), no_return),
        "break_even_bps": json_number(even),
        "break_even_reason": _no_break_even(rule) if np.isnan(even) else None,
        "months": _months(rule.net(cost_bps), market.holding),
        "ic": _information(rows, market.features, workplace),
        "equity": equity(rows, market.holding, cost_bps=cost_bps),
    }


def _months(daily: NDArray[np.float64], holding: Holdings) -> list[dict[str, Any]]:
    """Return by calendar month what following the rule and holding earned, and the rolling Sharpe ratio at its end.

    A day's return belongs to the month of the session at whose close it was earned. The Sharpe ratio is that of
    the last 252 judged sessions with a return.
    """
    has_return = ~np.isnan(daily)
    ours, earned = daily[has_return], holding.earned[has_return]
    theirs = holding.on_judged_dates[has_return]
    ratio = rolling_sharpe(ours, SESSIONS_A_YEAR)
    by_month = [
        {f"{year.year}-{month:02d}": value for year in monthly_returns(earned, gain)
         for month, value in enumerate(year.months, 1) if value is not None}
        for gain in (ours, theirs)
    ]  # fmt: skip
    names = earned.astype("datetime64[M]")
    ends = np.flatnonzero(np.append(names[1:] != names[:-1], np.ones(min(len(names), 1), dtype=bool)))
    return [
        {
            "month": str(names[end]),
            "return": by_month[0][str(names[end])],
            "buy_and_hold": by_month[1][str(names[end])],
            "sharpe": json_number(ratio[end]),
        }
        for end in ends.tolist()
    ]


def undefined_blocks(cost_bps: float, reason: str) -> dict[str, Any]:
    """Return the same blocks without a figure, because of ``reason``."""
    nothing = MeanAndT(np.nan, np.nan, 0)
    by_sessions = dict.fromkeys(DECAY_SESSIONS, Coefficients(nothing, nothing))
    empty = [{"bps": bps, "annual_return": np.nan} for bps in sorted({*SWEEP_BPS, float(cost_bps)})]
    quantiles = [{"quantile": q, "rows": 0, "mean_return": None} for q in range(1, QUANTILES + 1)]
    return {
        "risk": {**dict.fromkeys(RISK), "reason": reason},
        "costs": _costs(empty, reason),
        "break_even_bps": None,
        "break_even_reason": reason,
        "months": [],
        "equity": [],
        "ic": {
            **_coefficients(by_sessions),
            "quantiles": quantiles,
            "spread": _summary(nothing),
            "turnover": dict.fromkeys(("top", "bottom", "autocorrelation")),
            "reason": reason,
        },
    }


def _risk(rule: Trading, holding: Holdings, cost_bps: float) -> dict[str, Any]:
    values = risk_of_rule(rule, holding.bought_once, holding.sessions, cost_bps=cost_bps)
    if np.isnan(rule.gross).all():
        reason: str | None = _NO_RETURN
    else:
        missing = [name for name in RISK if np.isnan(values[name])]
        reason = "; ".join(f"{name}: {_UNDEFINED.get(name, _LOST)}" for name in missing) or None
    return {**{name: json_number(values[name]) for name in RISK}, "reason": reason}


def _costs(sweep: list[dict[str, float]], reason: str) -> list[dict[str, Any]]:
    return [
        {"bps": row["bps"], "annual_return": json_number(row["annual_return"])}
        | ({"reason": reason} if np.isnan(row["annual_return"]) else {})
        for row in sweep
    ]


def _no_break_even(rule: Trading) -> str:
    if np.isnan(rule.gross).all():
        return _NO_RETURN
    if not np.nansum(rule.turnover) > 0:
        return "the rule never holds anything, so nothing costs"
    return _LOST if np.nanmin(rule.gross) <= -1 else "the rule earns nothing even without cost"


def _information(rows: JudgedRows, features: Table, workplace: Workplace) -> dict[str, Any]:
    score, group, groups = rows.probability, rows.group, len(rows.group_fold)
    horizon, following = rows.horizon_sessions, numbers(rows.frame, NEXT_RETURN)
    by_sessions = {1: coefficients(score, following, group, groups)}
    if horizon > 1:
        following = returns_over(horizon, rows.frame, features, workplace)
    for number in sorted({*DECAY_SESSIONS, horizon} - {1}):
        # one after the other: the returns of all rows over several lengths are not in memory together
        own = number == horizon
        returns = following if own else returns_over(number, rows.frame, features, workplace)
        by_sessions[number] = coefficients(score, returns, group, groups, horizon if own else 1)
        del returns
    quantile = quantile_of(score, group)
    turnover = factor_turnover(score, rows.by_ticker[0], group, groups)
    by_quantile = returns_by_quantile(quantile, following)
    return {
        **_coefficients(by_sessions, horizon),
        "quantiles": [{**row, "mean_return": json_number(row["mean_return"])} for row in by_quantile],
        "spread": _summary(quantile_spread(quantile, following, group, groups, overlap=horizon)),
        "turnover": {
            "top": json_number(turnover.top),
            "bottom": json_number(turnover.bottom),
            "autocorrelation": json_number(turnover.autocorrelation),
        },
        "reason": _why_open(by_sessions[horizon], has_quantile=bool((quantile > 0).any())),
    }


def _coefficients(by_sessions: Mapping[int, Coefficients], horizon: int = 1) -> dict[str, Any]:
    now = by_sessions[horizon]
    values = (now.ic.mean, now.ic.t, now.rank.mean, now.rank.t)
    return {
        **dict(zip(IC, map(json_number, values), strict=True)),
        "sessions": now.ic.sessions,
        "decay": [
            {"sessions": n, "mean": json_number(c.ic.mean), "rank_mean": json_number(c.rank.mean)}
            for n, c in by_sessions.items()
        ],
    }


def _summary(value: MeanAndT) -> dict[str, Any]:
    return {"mean": json_number(value.mean), "t": json_number(value.t), "sessions": value.sessions}


def _why_open(now: Coefficients, *, has_quantile: bool) -> str | None:
    reasons = [_NO_IC] if not now.ic.sessions else [_NO_T] if np.isnan(now.ic.t) else []
    return "; ".join(reasons + ([] if has_quantile else [_NO_QUANTILE])) or None
