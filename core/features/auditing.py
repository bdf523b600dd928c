"""The leak audit in a process of its own, that has computed nothing of what it is compared with."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.errors import AftercloseError, DataError
from core.features.audit import Audit
from core.features.audit_record import EVERY_ROWS, TOLERANCE, ValueChanged
from core.features.definitions import AUDIT
from core.fingerprint import digest_of, sha256
from core.platform.allocation import reuse_freed_memory
from core.platform.forked import EndedWithoutAnswer

if TYPE_CHECKING:
    from core.features.definitions import Feature
    from core.features.panel import Vector
    from core.features.price_rows import Prices
    from core.platform.fresh_process import FreshProcess

_REMEDY = (
    "It rests on what was not known at that session, or on other tickers: use that row and rows before it alone. "
    "Nothing of this stage was committed."
)


_LABEL_REMEDY = (
    "It rests on what is later than {sessions} of its horizon, or on other tickers: folds and purge take it for known "
    "by then. Nothing of this stage was committed."
)


class LeakError(DataError):
    """A feature, or a label, has a value that moves when what comes later, or another ticker, changes."""


class Computed(NamedTuple):
    """What is computed again.

    Parameters
    ----------
    features : tuple of Feature
    prices : Prices
    values : mapping of str to float64 array, shape (n,)
        As they were computed here.
    ahead : int
        Of a label: how many rows before the one on which a value is known it stands.
    first : bool
        Whether these are rows of the first part of their table.
    """

    features: tuple[Feature, ...]
    prices: Prices
    values: Mapping[str, Vector]
    ahead: int = 0
    first: bool = True


def audit(process: FreshProcess | None, computed: Sequence[Computed], names: Sequence[str]) -> int:
    """Return how many rows were audited, when nothing moved.

    Parameters
    ----------
    process : FreshProcess or None
        Of this module; None computes again in this one.
    computed : sequence of Computed
        Of the same rows.
    names : sequence of str
        The tickers that the codes count.

    Raises
    ------
    LeakError
        Naming feature, ticker, session and the two values of the first value that moved.
    DataError
        If a feature fails on other data, or the process ends.
    """
    prices = computed[0].prices
    digest = _digest(prices, names)
    outcome = _outcome(computed, digest) if process is None else _outcome_of(process, computed, digest)
    if isinstance(outcome, AftercloseError):
        raise outcome
    if isinstance(outcome, tuple):
        moved, number = outcome
        raise _leak(moved, computed[number], names)
    return len(prices)


def _outcome_of(process: FreshProcess, computed: Sequence[Computed], digest: str) -> object:
    packed = pickle.dumps((tuple(computed), digest), protocol=5)
    try:
        outcome: object = pickle.loads(process.ask(packed))  # noqa: S301 - our own process wrote it
    except (EOFError, pickle.UnpicklingError):
        raise DataError(
            f"the leak audit's process ended with {process.end}",
            expected="features that end no process",
        ) from None
    return outcome


def _leak(moved: ValueChanged, computed: Computed, names: Sequence[str]) -> LeakError:
    move, prices, ahead = moved.move, computed.prices, computed.ahead
    row = move.row - ahead
    where = f"{names[prices.codes[row]]} on {prices.session[row]}"
    moves = f"{where} moves: it is {_figure(move.value)}, and {_figure(move.again)} {move.how}"
    if not ahead:
        return LeakError(
            f"feature {move.feature} of {moves}", expected="the same value to nine digits", remedy=_REMEDY
        )
    sessions = "the session" if ahead == 1 else f"the {ahead} sessions"
    return LeakError(
        f"label {move.feature} of {moves} and {sessions} after it",
        expected="the same label from rows up to its horizon",
        remedy=_LABEL_REMEDY.format(sessions=sessions),
    )


def _figure(value: float) -> str:
    return "without a value" if np.isnan(value) else repr(value)


def _digest(prices: Prices, names: Sequence[str]) -> str:
    columns = {
        name: sha256(np.ascontiguousarray(values).tobytes()) for name, values in prices.columns.items()
    }
    days = sha256(prices.session.astype("datetime64[D]").astype("int64").tobytes())
    return digest_of([sha256(prices.codes.tobytes()), list(map(str, names)), days, columns])


def about(features: Sequence[Feature], rows: int, outcome: Feature | None = None) -> dict[str, Any]:
    """Return what the header of a table of ``rows`` rows says of its audit, however it is cut into parts.

    How much was computed again of each part depends on the cut, and is in no header: a model's id rests on it.
    """
    return {
        AUDIT: {
            "features": len(features),
            "rows": rows,
            "every_session": rows <= EVERY_ROWS,
            "tolerance": TOLERANCE,
            **({"label": outcome.name} if outcome else {}),
        }
    }


def main() -> None:
    """Read a table from the standard input, audit it, and write what came of it."""
    sys.dont_write_bytecode = True
    reuse_freed_memory()
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what own code writes there is no answer
        _serve(sys.stdin.buffer, answer)


def _serve(question: IO[bytes], answer: IO[bytes]) -> None:
    try:
        several, digest = pickle.load(question)  # noqa: S301 - our own process wrote it
    except EOFError:
        return  # whoever started this one ended before there was anything to audit
    answer.write(pickle.dumps(_outcome(several, digest), protocol=5))


def _outcome(several: Sequence[Computed], digest: str) -> object:
    """Return None where nothing moved, an error, or what moved and of which of ``several``."""
    passed = 0
    try:
        for computed in several:
            seed = int(digest[:15], 16)
            Audit(computed.prices, computed.features, computed.values, seed, first=computed.first).run()
            passed += 1
    except EndedWithoutAnswer as error:
        return DataError(f"a feature ends its process: {error}", expected="features that end no process")
    except AftercloseError as error:
        error.__traceback__ = error.__cause__ = None
        return error
    except ValueChanged as moved:
        moved.__traceback__ = moved.__cause__ = None
        return moved, passed
    return None


if __name__ == "__main__":
    main()
