"""The tables of trading: risk, costs, how probabilities sort tickers, and the evidence after every session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, prod

from core.label import Label
from core.report.formatting import NA, apart, count, counted, decimal, e_value, share, short_number, span
from core.report.readings import confidence
from core.report.sheets import Column, Sheet
from core.tables import Body


def _one_decimal(value: float | None) -> str:
    return "" if value is None else decimal(value, 1)


def _two_decimals(value: float | None) -> str:
    return decimal(value, 2)


RISK = (
    ("volatility", "Volatility a year", share),
    ("max_drawdown", "Deepest fall from a peak", share),
    ("turnover", "Turnover, times a year", lambda value: decimal(value, 1)),
    ("exposure", "Share of the money invested", share),
    ("excess_return", "Return a year over buy and hold", share),
    ("information_ratio", "Information ratio to buy and hold", _two_decimals),
)
"""Figures of risk: key, what it is called and how it is written."""


def risk(body: Body) -> Sheet:
    """Return what following the model put at risk, after costs; empty for an evaluation without it."""
    values = body.get("risk") or {}
    rows = tuple(
        {"measure": title, "value": write(values.get(key)), "number": values.get(key)}
        for key, title, write in RISK
        if values
    )
    columns = (
        Column("measure", "Long/flat after costs"),
        Column("value", "Value", str, "interval", "number"),
    )
    return Sheet("Risk of following the model", columns, rows)


def costs(body: Body) -> Sheet:
    """Return what is left a year at each cost of a change of position."""
    columns = (
        Column("bps", "Cost in basis points", short_number, "number"),
        Column("annual_return", "Return a year", share, "number"),
    )
    return Sheet("What costs leave", columns, tuple(body.get("costs") or ()))


def break_even(body: Body) -> str:
    """Return in words from which cost on nothing is left."""
    if body.get("break_even_bps") is not None:
        return f"At {decimal(body['break_even_bps'], 1)} basis points a change of position nothing is left."
    return f"There is no break-even cost: {body.get('break_even_reason')}."


_FILLS = {"close": "At the close of the call", "next_open": "At the next open"}


def fills(body: Body, entries: Iterable[Body]) -> Sheet:
    """Return what following the model earns by where its calls are filled.

    Parameters
    ----------
    body : mapping
        The evaluation.
    entries : iterable of mapping
        As :func:`core.queries.models.fills.fills` gives them.
    """
    interval = f"{confidence(body)} interval"
    columns = (
        Column("fill", "Filled"), Column("sessions", "Sessions", count, "count"),
        Column("annual_return", "Return a year", share, "number"), Column("return_interval", interval, str, "interval"),
        Column("sharpe", "Sharpe ratio", _two_decimals, "number"), Column("sharpe_interval", interval, str, "interval"),
    )  # fmt: skip
    rows = (
        {
            "fill": _FILLS[fill["fill"]],
            "sessions": fill["sessions"],
            "annual_return": fill["annual_return"]["value"],
            "return_interval": span(fill["annual_return"], share),
            "sharpe": fill["sharpe"]["value"],
            "sharpe_interval": span(fill["sharpe"], _two_decimals),
        }
        for fill in entries
    )
    return Sheet("Where calls are filled", columns, tuple(rows))


FILL_WORDS = (
    "A call is made after a close and, in the figures of return and risk, earns from that very close, which nobody can "
    "trade at any more."
)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def months(body: Body) -> Sheet:
    """Return returns after costs by month, a row for each year, in percent; empty for an evaluation without them."""
    by_year = _by_year(body)
    rows = tuple(
        {
            "year": year,
            **{entry["month"][5:]: 100 * entry["return"] for entry in entries},
            "whole": _whole(entries),
        }
        for year, entries in by_year.items()
    )
    columns = (
        Column("year", "Year"),
        *(Column(f"{number:02d}", name, _one_decimal, "number") for number, name in enumerate(MONTHS, 1)),
        Column("whole", "All", _one_decimal, "number"),
    )
    empty = dict.fromkeys((column.key for column in columns), None)
    return Sheet("Following the model, percent by month", columns, tuple({**empty, **row} for row in rows))


def _by_year(body: Body) -> dict[str, list[Body]]:
    by_year: dict[str, list[Body]] = {}
    for entry in body.get("months") or ():
        by_year.setdefault(entry["month"][:4], []).append(entry)
    return by_year


def _whole(entries: Sequence[Body], key: str = "return") -> float:
    return 100 * float(prod(1 + entry[key] for entry in entries) - 1)


def years(body: Body) -> Sheet:
    """Return by year what following and holding earned, and the Sharpe ratio of the 252 sessions up to its end."""
    rows = tuple(
        {
            "year": year,
            "return": _whole(entries) / 100,
            "buy_and_hold": _whole(entries, "buy_and_hold") / 100,
            "sharpe": entries[-1]["sharpe"],
        }
        for year, entries in _by_year(body).items()
    )
    columns = (
        Column("year", "Year"), Column("return", "Following", share, "number"),
        Column("buy_and_hold", "Buy and hold", share, "number"),
        Column("sharpe", "Sharpe ratio of the last 252 sessions", _two_decimals, "number"),
    )  # fmt: skip
    return Sheet("Year by year", columns, rows)


def information(body: Body) -> Sheet:
    """Return how well probabilities sort the tickers of a session by the return over the next ones."""
    ic, horizon = body.get("ic") or {}, Label.of(body).horizon_sessions
    rows = tuple(
        {
            **row,
            "t": ic["t"] if row["sessions"] == horizon else None,
            "rank_t": ic["rank_t"] if row["sessions"] == horizon else None,
        }
        for row in ic.get("decay", ())
    )
    columns = (
        Column("sessions", "Return over sessions", count, "count"),
        Column("mean", "IC", _coefficient, "number"),
        Column("t", "t", _two_decimals, "number"),
        Column("rank_mean", "Rank IC", _coefficient, "number"),
        Column("rank_t", "t of rank IC", _two_decimals, "number"),
    )
    return Sheet("Information coefficient: correlation with what tickers earned next", columns, rows)


def quantiles(body: Body) -> Sheet:
    """Return the mean return over the label's horizon by fifth of the session's tickers, the least probable first."""
    label = Label.of(body)
    columns = (
        Column("quantile", "Fifth by probability", count, "count"),
        Column("rows", "Rows", count, "count"),
        Column("mean_return", f"Mean {label.gain}", _small_share, "number"),
    )
    rows = (body.get("ic") or {}).get("quantiles") or ()
    return Sheet(
        f"{label.gain.capitalize()} by probability",
        columns,
        tuple(rows) if any(r["rows"] for r in rows) else (),
    )


def sorting_basis(body: Body) -> str:
    """Return in words what the coefficients are, or why there are none; empty for an evaluation without them."""
    ic = body.get("ic") or {}
    if not ic:
        return ""
    if ic["mean"] is None:
        return f"Whether probabilities sort the tickers of a session cannot be said: {ic['reason']}."
    return (
        f"Within each of {count(ic['sessions'])} sessions with at least 3 tickers: the correlation of probability and "
        "return (IC) and of their ranks, as the mean over sessions; 0 is chance, and a t beyond 2 is rare by chance. "
        f"{_t_words(body)} Fifths need 5 tickers in a session; "
        f"the lowest and the highest fifth stand in {counted(ic['spread']['sessions'], 'session')}."
    )


def _t_words(body: Body) -> str:
    label = Label.of(body)
    if label.horizon_sessions == 1:
        return "A t stands at one session only: longer returns overlap."
    return (
        f"The t stands at the label's {label.horizon_sessions} sessions and counts how much their returns overlap "
        "(Newey and West)."
    )


def steadiness(body: Body) -> str:
    """Return in words how much the fifths earn apart and how fast they change; empty where that is not known."""
    ic = body.get("ic") or {}
    spread, turnover = ic.get("spread") or {}, ic.get("turnover") or {}
    words, horizon = [], Label.of(body).horizon_sessions
    span_of = "a session" if horizon == 1 else f"over {horizon} sessions"
    if spread.get("mean") is not None:
        t = f" (t {decimal(spread['t'], 2)})" if spread["t"] is not None else ""
        words.append(
            f"The highest fifth earned {_small_share(spread['mean'])} {span_of} beyond the lowest{t}."
        )
    if turnover.get("top") is not None and turnover.get("bottom") is not None:
        words.append(
            f"From one session to the next {share(turnover['top'])} of the tickers in the highest fifth are new, and "
            f"{share(turnover['bottom'])} of those in the lowest."
        )
    if turnover.get("autocorrelation") is not None:
        words.append(
            f"Ranks correlate by {_coefficient(turnover['autocorrelation'])} with those of the session before."
        )
    return " ".join(words)


SHOWN_SESSIONS = 12
"""Sessions of the growing line that a table shows: a year has 252."""


def evidence(body: Body) -> Sheet:
    """Return the evidence for a model in use at a dozen sessions from the first to the last."""
    line: Sequence[Body] = (body.get("sequential") or {}).get("line") or ()
    step = max(1, ceil((len(line) - 1) / (SHOWN_SESSIONS - 1)))
    # counted from the end, so that the last session is among them
    places = sorted({*range(len(line) - 1, -1, -step), *([0] if line else [])})
    columns = (
        Column("date", "Up to session"),
        Column("sessions", f"{_staked_session(body).capitalize()}s", count, "count"),
        Column("e_value", "Evidence for skill", e_value, "number"),
        Column("worse_e_value", "Evidence for the opposite", e_value, "number"),
    )
    rows = tuple({**line[place], "sessions": place + 1} for place in places)
    return Sheet("Evidence after each session", columns, rows)


def evidence_basis(body: Body) -> str:
    """Return in words what the e-value is, and where it stands; empty for a candidate."""
    now = body.get("sequential")
    if not now:
        return ""
    horizon = Label.of(body).horizon_sessions
    staked = (
        "each call"
        if horizon == 1
        else f"one call every {horizon} sessions, so that outcomes do not overlap,"
    )
    looked = counted(now["sessions"], _staked_session(body))
    return (
        f"Evidence since the training: an e-value is what 1 becomes when {staked} is staked, by the model's rank, at "
        f"the odds of the up-rate so far. Without skill it reaches {short_number(now['threshold'])} at some session "
        f"ever with a chance of 1 in {short_number(now['threshold'])} at most, so it may be read every day. After "
        f"{looked} it is {_evidence_of(now, 'e_value')} for the model, and "
        f"{_evidence_of(now, 'worse_e_value')} for calls that are turned round."
    )


def _evidence_of(now: Body, key: str) -> str:
    return apart(now[key], now["threshold"], e_value)[0]


def _staked_session(body: Body) -> str:
    """Return what evidence is counted in: where labels overlap, the sessions that are staked upon are not all."""
    return "session" if Label.of(body).horizon_sessions == 1 else "staked session"


def _coefficient(value: float | None) -> str:
    return decimal(value, 3)


def _small_share(value: float | None) -> str:
    return NA if value is None else decimal(100 * value, 2) + "%"
