"""The feature set: one entry per feature, in the order of the table's columns.

To add a feature, add an entry here and raise :data:`FEATURE_SET`; a contract column keeps its place,
any other column follows the label. Models refuse a feature set other than the one they were trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.features.panel import Panel, Vector
from core.fingerprint import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FEATURE_SET = 1
"""Version of the whole set: raised whenever a value of any feature would come out otherwise."""


@dataclass(frozen=True)
class Feature:
    """A column that row t computes from its ticker's rows up to t.

    Parameters
    ----------
    name : str
        Column name.
    compute : callable
        From :class:`~core.features.panel.Panel` to float64, shape (n,), NaN in the warm-up.
    text : str
        The definition for a person, with unit.
    warm_up : int
        Rows at the start of each ticker that have no value.
    seen_by_model : bool
        False for levels: a model that sees a price level learns the calendar.
    across : bool
        Whether it looks at the other tickers of a session, up to that session.
    own : mapping or None
        Where a user-defined feature comes from: ``module``, ``line``, ``sha256``; None for a built-in one.
    texts : mapping of str to str
        Of a user-defined one: the files of its module, name -> text.
    """

    name: str
    compute: Callable[[Panel], Vector]
    text: str
    warm_up: int
    seen_by_model: bool = True
    across: bool = False
    own: Mapping[str, Any] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def adjusted_close(panel: Panel) -> Vector:
    """Return the adjusted close itself, in the ticker's currency; no NaN.

    >>> adjusted_close(_one_ticker(10.0, 11.0)).tolist()
    [10.0, 11.0]
    """
    return panel.adj_close


def simple_return(panel: Panel) -> Vector:
    """Return the simple return since the session before, as a share; NaN on the first row.

    Row t uses the adjusted closes of t-1 and t: ``p[t] / p[t-1] - 1`` (Tsay, Analysis of Financial
    Time Series, eq. 1.2).

    >>> simple_return(_one_ticker(10.0, 11.0, 5.5)).round(12).tolist()
    [nan, 0.1, -0.5]
    """
    return panel.adj_close / panel.lag(panel.adj_close, 1) - 1.0


def moving_average(panel: Panel, *, sessions: int) -> Vector:
    """Return the mean of the last ``sessions`` adjusted closes, row t included, in the currency.

    NaN on a ticker's first ``sessions - 1`` rows.

    >>> moving_average(_one_ticker(1.0, 2.0, 6.0), sessions=2).tolist()
    [nan, 1.5, 4.0]
    """
    return panel.mean(panel.adj_close, sessions)


def moving_average_ratio(panel: Panel, *, sessions: int) -> Vector:
    """Return how far the adjusted close of row t stands above its moving average, as a share.

    NaN on a ticker's first ``sessions - 1`` rows.

    >>> moving_average_ratio(_one_ticker(1.0, 2.0, 6.0), sessions=2).round(6).tolist()
    [nan, 0.333333, 0.5]
    """
    return panel.adj_close / moving_average(panel, sessions=sessions) - 1.0


def volatility(panel: Panel, *, sessions: int) -> Vector:
    """Return the sample standard deviation (ddof 1) of the last ``sessions`` returns, per session.

    Not annualised. Row t uses the adjusted closes of t-sessions to t; NaN on the rows before.

    >>> volatility(_one_ticker(100.0, 110.0, 99.0), sessions=2).round(6).tolist()
    [nan, nan, 0.141421]
    """
    return panel.standard_deviation(simple_return(panel), sessions)


def lagged_return(panel: Panel, *, sessions: int) -> Vector:
    """Return the simple return of ``sessions`` rows earlier in the same ticker.

    NaN on a ticker's first ``sessions + 1`` rows.

    >>> lagged_return(_one_ticker(10.0, 11.0, 5.5), sessions=1).round(12).tolist()
    [nan, nan, 0.1]
    """
    return panel.lag(simple_return(panel), sessions)


def up_next(panel: Panel) -> Vector:
    """Return the label: 1.0 if the ticker's next simple return is above 0, else 0.0; NaN on its last row.

    The only column that looks ahead: it is the answer and never an input. An unchanged price is 0.

    >>> up_next(_one_ticker(10.0, 11.0, 11.0, 12.0)).tolist()
    [1.0, 0.0, 1.0, nan]
    """
    label = (simple_return(panel) > 0).astype("float64")
    label[:-1] = label[1:]
    last = panel.position.copy()
    last[:-1] = panel.position[1:]
    last[-1:] = 0
    label[last == 0] = float("nan")
    return label


def _average(sessions: int) -> Feature:
    text = f"mean of the last {sessions} adjusted closes, today included, in the ticker's currency"
    return Feature(
        f"ma{sessions}", partial(moving_average, sessions=sessions), text, sessions - 1, seen_by_model=False
    )


def _average_ratio(sessions: int) -> Feature:
    text = f"adj_close / ma{sessions} - 1"
    return Feature(
        f"ma{sessions}_ratio", partial(moving_average_ratio, sessions=sessions), text, sessions - 1
    )


def _lag(sessions: int) -> Feature:
    text = f"the return {sessions} session{'s' if sessions > 1 else ''} earlier"
    return Feature(f"lag{sessions}", partial(lagged_return, sessions=sessions), text, sessions + 1)


FEATURES: tuple[Feature, ...] = (
    Feature(col.ADJ_CLOSE, adjusted_close, "adjusted close as the source gives it", 0, seen_by_model=False),
    Feature(col.RETURN, simple_return, "simple return of the adjusted close since the session before", 1),
    *(_average(sessions) for sessions in (5, 10, 20)),
    *(_average_ratio(sessions) for sessions in (5, 10, 20)),
    Feature(
        col.VOLATILITY20,
        partial(volatility, sessions=20),
        "standard deviation (ddof 1) of the last 20 returns, not annualised",
        20,
    ),
    *(_lag(sessions) for sessions in (1, 2, 3, 5)),
)  # a further one goes to the end: its column follows the label


def columns(features: Sequence[Feature] = FEATURES) -> tuple[str, ...]:
    """Return the columns of the features table: the contract's, then features added since."""
    added = [feature.name for feature in features if feature.name not in col.FEATURES]
    return (*col.FEATURES, *added)


OWN = "own"
"""In the header of features and in a model: name, text, warm-up and origin of each user-defined feature."""

MODULES = "modules"
"""Beside it: the text of each module, digest -> file -> text, so that two models' features can be compared."""


AUDIT = "audit"
"""In the header of features: what was computed again on other data, and how (:mod:`core.features.audit`)."""

Own = tuple[Mapping[str, Any], ...]
"""User-defined features as a header lists them."""


def model_features(features: Sequence[Feature] = FEATURES, own: Own = ()) -> tuple[str, ...]:
    """Return the names of the columns a model sees, in order."""
    return (*(feature.name for feature in features if feature.seen_by_model), *(f["name"] for f in own))


def own_of(header: Mapping[str, Any]) -> Own:
    """Return the user-defined features that a header (or a model) lists, in order; mostly none."""
    return tuple(header.get(OWN) or ())


def warm_up(features: Sequence[Feature] = FEATURES) -> dict[str, int]:
    """Return by feature how many rows at the start of each ticker have no value."""
    return {feature.name: feature.warm_up for feature in features}


def definitions(features: Sequence[Feature] = FEATURES, own: Own = ()) -> list[dict[str, str]]:
    """Return name and definition text of every feature, in order."""
    built_in = [{"name": feature.name, "text": feature.text} for feature in features]
    return [*built_in, *({"name": entry["name"], "text": entry["text"]} for entry in own)]


def definition_digest(
    features: Sequence[Feature] = FEATURES, version: int = FEATURE_SET, own: Own = ()
) -> str:
    """Return the SHA-256 over the version and every name and definition text, in order.

    Of ``own`` features the whole entry counts, the digest of their module among it.
    """
    body: dict[str, Any] = {"feature_set": version, "definitions": definitions(features)}
    return digest_of({**body, OWN: list(own)} if own else body)


def header(features: Sequence[Feature] = FEATURES, outcome: Feature | None = None) -> dict[str, Any]:
    """Return the header of a features table; ``outcome`` is a user-defined label."""
    built_in = [feature for feature in features if feature.own is None]
    own = tuple(
        {"name": f.name, "text": f.text, "warm_up": f.warm_up, "across": f.across, **f.own}
        for f in features
        if f.own is not None
    )
    modules = modules_of(features if outcome is None else (*features, outcome))
    return {
        "feature_set": FEATURE_SET,
        "definition_digest": definition_digest(built_in, own=own),
        "warm_up": warm_up(features),
        **({OWN: list(own)} if own else {}),
        **({MODULES: modules} if modules else {}),
    }


def modules_of(features: Sequence[Feature]) -> dict[str, dict[str, str]]:
    """Return the text of the modules that user-defined features are defined in: digest -> file -> text."""
    return {f.own["sha256"]: dict(f.texts) for f in features if f.own is not None}


def _one_ticker(*prices: float) -> Panel:
    """Return a panel of one ticker, for the examples above."""
    import numpy as np

    return Panel.of(np.zeros(len(prices), dtype="int64"), np.array(prices))
