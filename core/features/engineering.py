"""From clean prices to the features table, one row per price row."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core import columns as col
from core.errors import DataError
from core.features import auditing, members
from core.features.across import Answers, Request, answered, request_of
from core.features.definitions import FEATURES, Feature, columns, header
from core.features.labels import ReturnSums, SessionMeans, label_of, return_sums
from core.features.market import COLUMNS, MarketPanel
from core.features.panel import Panel, Vector
from core.features.price_checks import check_columns
from core.features.price_rows import Prices, SortedRows, sorted_rows
from core.label import EXCESS, LABELS, NEXT_SESSION, Label
from core.platform.fresh_process import FreshProcess
from core.tables.artifacts import Table
from core.tables.workplace import Workplace
from core.universe import EVERYBODY, Membership

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from core.plugins.loading import Plugins

_NEEDED = (col.DATE, col.TICKER, col.ADJ_CLOSE)


def engineer(
    prices_clean: Table,
    settings: Label = NEXT_SESSION,
    *,
    feature_set: Sequence[Feature] = FEATURES,
    outcome: Feature | None = None,
    membership: Membership = EVERYBODY,
    workplace: Workplace | None = None,
    audited: bool = False,
) -> Table:
    """Return the features of each price row, from its ticker's rows up to that row, and its label.

    Parameters
    ----------
    prices_clean : Table
        Clean prices in any row order: ``date`` (datetime64, the session), ``ticker`` (text),
        ``adj_close`` (number above 0, adjusted for splits and dividends by the source). User-defined features
        read the other prices and the volume as well; further columns are not read.
    settings : Label
        What ``up_next`` says: direction or excess, and over how many sessions.
    feature_set : sequence of Feature
    outcome : Feature, optional
        Of a user-defined label: how ``up_next`` is computed.
    membership : Membership
        Which tickers belong on which days; all on all days, where it is empty. See :mod:`core.features.members`.
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made.
    audited : bool
        Whether every feature is computed again on other data (:mod:`core.features.audit`); the header says how.

    Returns
    -------
    Table
        Kind ``features``, sorted by (date, ticker), one row per price row, default index. Features are
        float64 and NaN in each ticker's warm-up; ``up_next`` is 1, 0 or NaN (a ticker's last rows, as many as the
        label looks ahead). Row t of a ticker is bit-equal whatever stands in its later rows or in other tickers;
        ``up_next`` alone looks ahead, and as an excess at other tickers.

    Raises
    ------
    DataError
        If there are no rows, a column is missing or of the wrong type, a date, ticker or price is
        missing, a price is not above 0, a (date, ticker) comes twice, or a feature overflows or fails.
    LeakError
        If a value moves in the audit.
    """
    workplace, features = workplace or Workplace(), tuple(feature_set)
    means, about = None, settings.field
    if membership:
        about = {**about, "membership": members.summary(prices_clean, membership, workplace)}
    if settings.label == EXCESS:  # of all tickers, so that all parts are gone through once before
        sums = partial(_return_sums, prices_clean, settings.horizon_sessions, membership)
        means = SessionMeans.of(workplace.engine.each(sums, range(prices_clean.parts)))
    asking = features if outcome is None else (*features, outcome)
    answers = _compared(prices_clean, asking, membership, workplace) if prices_clean.parts > 1 else {}
    audited_rows = 0
    with workplace.writer("features") as writer:
        selection = _Selection(features, settings, means, answers, audited, membership, outcome)
        for rows, of_part in workplace.each_part(partial(_engineered, prices_clean, selection), prices_clean):
            if len(rows):  # of a part whose tickers are never in there is none
                writer.add(rows)
            audited_rows += of_part
        return writer.done(
            {
                **header(features, outcome),
                **(auditing.about(features, audited_rows, outcome) if audited else {}),
                **about,
            }
        )


def engineer_audited(
    prices_clean: Table,
    settings: Label,
    plugins: Plugins | None,
    membership: Membership,
    workplace: Workplace,
) -> Table:
    """Return the features of each price row, audited, user-defined ones among them; see :func:`engineer`."""
    features: tuple[Feature, ...] = FEATURES
    outcome: Feature | None = None
    if plugins is not None:
        from core.features.plugin_features import feature_set_of, outcome_of

        features = feature_set_of(plugins)
        if settings.label not in LABELS:
            outcome, settings = outcome_of(plugins, settings)
    return engineer(
        prices_clean,
        settings,
        feature_set=features,
        outcome=outcome,
        membership=membership,
        workplace=workplace,
        audited=True,
    )


def _return_sums(prices: Table, sessions: int, membership: Membership, number: int) -> ReturnSums:
    """Return the returns of one part's tickers, added up by session; of a universe's members alone."""
    check_columns(prices, _NEEDED)
    rows = sorted_rows(prices.part(number, _NEEDED))
    return return_sums(
        Panel.of(rows.codes, rows.adj_close), rows.dates, sessions, rows.of_members(membership)
    )


def _compared(
    prices: Table, features: Sequence[Feature], membership: Membership, workplace: Workplace
) -> dict[str, Answers]:
    """Return how the values of features across tickers compare over all parts, by feature."""
    answers = {}
    for feature in features:
        if feature.across:
            folder = workplace.scratch.path(feature.name).parent

            def ask(so_far: Answers, feature: Feature = feature) -> Iterator[Request]:
                return workplace.engine.each(
                    partial(_request, prices, feature, membership, so_far), range(prices.parts)
                )

            answers[feature.name] = answered(feature, folder, prices.parts, ask)
    return answers


def _request(
    prices: Table, feature: Feature, membership: Membership, so_far: Answers, number: int
) -> Request:
    """Return what a feature asks in one part."""
    panel = sorted_rows(_part(prices, (feature,), number)).prices(membership).panel()
    assert isinstance(panel, MarketPanel), "a feature across tickers is user-defined"
    return request_of(feature, panel, so_far.of_part(number))


class _Selection(NamedTuple):
    """What is computed of each part."""

    features: tuple[Feature, ...]
    label: Label
    means: SessionMeans | None
    answers: Mapping[str, Answers]
    audited: bool
    membership: Membership = EVERYBODY
    outcome: Feature | None = None

    @property
    def computed(self) -> tuple[Feature, ...]:
        """The features, and a user-defined label."""
        return self.features if self.outcome is None else (*self.features, self.outcome)


BUILT_IN = _Selection(FEATURES, NEXT_SESSION, None, {}, audited=False)
"""The features of this program and the direction of the next session."""


def _part(prices: Table, features: Sequence[Feature], number: int) -> pd.DataFrame:
    """Return the columns of a part that features are computed from."""
    needed = (*_NEEDED[:2], *COLUMNS) if any(feature.own for feature in features) else _NEEDED
    check_columns(prices, needed)
    return prices.part(number, needed)


def _engineered(prices: Table, selection: _Selection, number: int) -> tuple[pd.DataFrame | pa.Table, int]:
    """Return the features of one part of the prices, by ticker and date, and how many rows were audited."""
    frame = _part(prices, selection.computed, number)
    if not selection.audited:
        return _arranged(by_ticker(frame, selection, number), selection, prices), 0
    first = number == 0
    alone = not first and not any(feature.own is not None for feature in selection.computed)
    with nullcontext() if alone else FreshProcess(auditing.__name__) as process:
        rows = by_ticker(frame, selection, number)
        count = auditing.audit(process, _computed_again(rows, selection, first=first), rows.names.tolist())
        return _arranged(rows, selection, prices), count


def _computed_again(rows: ByTicker, selection: _Selection, *, first: bool) -> list[auditing.Computed]:
    """Return what an audit computes again: features, and a user-defined label as it becomes known."""
    computed = [auditing.Computed(selection.features, rows.prices, rows.raw, first=first)]
    if selection.outcome is not None:
        from core.features.plugin_features import audited_outcome

        sessions, name = selection.label.horizon_sessions, selection.outcome.name
        values = {name: rows.prices.panel().lag(rows.raw[name], sessions)}
        column = audited_outcome(selection.outcome)
        computed.append(auditing.Computed((column,), rows.prices.ahead(sessions), values, sessions, first))
    return computed


def _arranged(rows: ByTicker, selection: _Selection, prices: Table) -> pd.DataFrame | pa.Table:
    """Return the rows of one part as the writer takes them."""
    values, codes = {name: rows.columns[name] for name in columns(selection.features)}, rows.codes
    if selection.membership:
        sessions = selection.label.horizon_sessions
        values, codes = members.of_members(values, codes, rows.names, selection.membership, sessions)
    if prices.parts == 1:
        import pandas as pd

        values[col.TICKER] = pd.Series(rows.names, dtype="str").take(codes).to_numpy()
        return pd.DataFrame(values).astype({col.TICKER: "str"})
    import pyarrow as pa

    # tickers travel as codes: text of a million rows would be copied row by row
    values[col.TICKER] = pa.DictionaryArray.from_arrays(
        codes.astype("int32"), pa.array(rows.names, pa.string())
    )
    return pa.table({name: pa.array(column, from_pandas=True) for name, column in values.items()})


@dataclass(frozen=True, eq=False)
class ByTicker:
    """Features of rows sorted by (ticker, date).

    Parameters
    ----------
    codes : int64 array, shape (n,)
        Number of the row's ticker.
    names : Index of str
        What the codes count, ascending.
    columns : mapping of str to array, shape (n,)
        Every column by name; the ticker as its code.
    prices : Prices
        What they were computed from.
    raw : mapping of str to float64 array
        Features as their functions give them for these tickers alone, warm-up included: what an audit compares with.
    """

    codes: NDArray[np.int64]
    names: pd.Index
    columns: dict[str, Any]
    prices: Prices
    raw: dict[str, Vector]


def by_ticker(frame: pd.DataFrame, selection: _Selection = BUILT_IN, number: int = 0) -> ByTicker:
    """Return the features of whole tickers, as :func:`engineer` gives them, sorted by (ticker, date).

    Raises
    ------
    DataError
        As :func:`engineer`.
    """
    rows = sorted_rows(frame)
    prices = rows.prices(selection.membership)
    panel = prices.panel()
    values: dict[str, Any] = {col.DATE: rows.dates, col.TICKER: rows.codes}
    raw: dict[str, Vector] = {}
    for feature in selection.features:
        raw[feature.name] = column = _computed(feature, panel, rows)
        if feature.name in selection.answers and isinstance(panel, MarketPanel):
            over_all = panel.looking_across(selection.answers[feature.name].of_part(number))
            column = _computed(feature, over_all, rows)
        blank = feature.own is not None and bool(feature.warm_up)
        values[feature.name] = np.where(panel.position < feature.warm_up, np.nan, column) if blank else column
    if selection.outcome is None:
        values[col.UP_NEXT] = label_of(panel, rows.dates, selection.label, selection.means)
    else:
        answers = selection.answers.get(selection.outcome.name)
        assert isinstance(panel, MarketPanel), "a user-defined label reads every price column"
        raw[selection.outcome.name] = values[col.UP_NEXT] = selection.outcome.compute(panel)
        if answers is not None:
            over_all = panel.looking_across(answers.of_part(number))
            values[col.UP_NEXT] = selection.outcome.compute(over_all)
    return ByTicker(rows.codes, rows.names, values, prices, raw)


def _computed(feature: Feature, panel: Panel, rows: SortedRows) -> Vector:
    # Rows of two tickers meet in a shifted window before they are masked, so overflow there means nothing.
    with np.errstate(over="ignore", invalid="ignore"):
        values = feature.compute(panel)
    wrong = np.flatnonzero(~np.isfinite(values) & (panel.position >= feature.warm_up))
    if len(wrong):
        row, own = int(wrong[0]), feature.own
        raise DataError(
            (f"{own['module']}, line {own['line']}: " if own else "")
            + f"feature {feature.name} of {rows.place(row)} is {values[row]}",
            expected=f"a finite number after the warm-up of {feature.warm_up} row(s)",
            remedy="Look for an absurdly large or small price in the rows before"
            + (", a division by zero, or a longer warm-up." if own else "."),
        )
    return values
