"""How many candidates were judged on the same sessions, and what the best of so many reaches by chance.

Whoever trains ten candidates and shows the best has looked ten times. The journal knows the runs; what a candidate
predicted is in its checkpoint. A count depends on what else was tried, so it stands in no artifact: gates, the desk,
the terminal and the record of a signature have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import CheckpointError, DataError
from core.label import Label
from core.registry.candidates import Candidate, by_profile, candidates, overlap
from core.report.formatting import apart, ratio
from core.store.artifacts import table_of_kind
from core.store.checkpoints import Slot, Store
from core.tables import Body

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling
    from core.measures.judged_rows import JudgedRows
    from core.measures.selection import BestByChance, DeflatedSharpe
    from core.paths import StoragePath
    from core.request.settings import Settings


MOST_READ = 20
"""Newest candidates whose predictions are read; others count as independent of them."""

MOST_ROWS = 200_000
"""Judged rows above which no predictions are read, which would take minutes: the figures and intervals on record of the
candidates give the correction, as if each were independent of the others (too strict, if anything)."""

CHANCE = 0.5


@dataclass(frozen=True)
class Tries:
    """A candidate among all that were judged on the same sessions.

    Parameters
    ----------
    model_id : str
    number, count : int
        Which one it is, in the order in which they were made, and how many there are.
    auc : float or None
        Its own, as its evaluation has it.
    best : BestByChance or None
        What the best of them would reach, had none skill; None for a single one, or where it cannot be told.
    sharpe : DeflatedSharpe or None
        Its Sharpe ratio held against the tries.
    tail : float
        Probability with which the best of them reaches ``best.high`` by chance.
    """

    model_id: str
    number: int
    count: int
    auc: float | None
    best: BestByChance | None = None
    sharpe: DeflatedSharpe | None = None
    tail: float = 0.025

    @property
    def above_chance(self) -> bool | None:
        """Whether its AUC is above what the best of so many reaches by chance; None where that is not known."""
        return None if self.best is None or self.auc is None else self.auc > self.best.high

    @property
    def sentence(self) -> str:
        """The same for a person."""
        place = f"Candidate {self.number} of {self.count} on these sessions"
        if self.count == 1:
            return f"{place}: no other was judged on them."
        if self.best is None or self.auc is None:
            return f"{place}; what the best of {self.count} reaches by chance is not known."
        own, high = apart(self.auc, self.best.high)
        words = (
            f"{place}; the best of {self.count} without skill would reach an AUC of {ratio(self.best.typical)} by "
            f"chance, and {high} in {100 * self.tail:g} of 100 cases. This one has {own}"
        )
        verdict = "more than" if self.above_chance else "no more than"
        sharpe = (
            f" Its Sharpe ratio is above 0 with a probability of {self.sharpe.probability:.2f} in spite of the tries, "
            "which a rising market alone may give."
            if self.sharpe
            else ""
        )
        return f"{words}: {verdict} the best by chance.{sharpe}"

    def record(self) -> dict[str, Any]:
        """Return it as uncorrected values, for a record and for programs."""
        return {
            "number": self.number, "count": self.count, "auc": self.auc,
            "best_by_chance": self.best.typical if self.best else None,
            "best_by_chance_high": self.best.high if self.best else None,
            "p_value": self.best.p_value if self.best else None,
            "deflated_sharpe": self.sharpe.probability if self.sharpe else None,
            "sentence": self.sentence,
        }  # fmt: skip


def tries(settings: Settings, evaluation_key: str) -> Tries | None:
    """Return the candidate of an evaluation among those judged on the same sessions; None where none was trained."""
    rivals = candidates(settings, evaluation_key)
    own = next((c for c in rivals if c.keys.get("evaluate") == evaluation_key and c.body), None)
    return _tries_of(settings.data, rivals, own) if own is not None else None


def all_tries(settings: Settings, profile: str) -> dict[str, Tries]:
    """Return every candidate of a profile among those judged on the same sessions, by model id.

    Candidates that compete share one calculation, on the sessions of the newest of them.
    """
    by_model: dict[str, Tries] = {}
    several = by_profile(settings, profile)
    for own in reversed(several):
        if own.model_id in by_model or own.body is None:
            continue
        rivals = [c for c in several if overlap(c.body, own.body)]
        shared = _tries_of(settings.data, rivals, own)
        for number, rival in enumerate(rivals, 1):
            by_model.setdefault(rival.model_id, _for_rival(shared, rival, number))
    return by_model


def _for_rival(shared: Tries, rival: Candidate, number: int) -> Tries:
    if rival.model_id == shared.model_id:
        return shared
    return replace(shared, model_id=rival.model_id, number=number, auc=_auc(rival), sharpe=None)


def _auc(candidate: Candidate) -> float | None:
    value = ((candidate.body or {}).get("performance") or {}).get("auc", {}).get("value")
    return None if value is None else float(value)


def _tries_of(root: StoragePath, rivals: Sequence[Candidate], own: Candidate) -> Tries:
    place = next(place for place, c in enumerate(rivals, 1) if c.model_id == own.model_id)
    number, count = sum(map(_settings_tried, rivals[:place])), sum(map(_settings_tried, rivals))
    uncorrected = Tries(own.model_id, number, count, _auc(own))
    if uncorrected.count == 1 or uncorrected.auc is None or own.body is None:
        return uncorrected
    if own.body["rows"] > MOST_ROWS:
        return _by_record(uncorrected, rivals, own.body)
    try:
        rows = _rows(Store(root), own)
    except (CheckpointError, DataError):
        return uncorrected
    return _corrected(
        Store(root), uncorrected, rows, [c for c in rivals if c.model_id != own.model_id], own.body
    )


def _settings_tried(candidate: Candidate) -> int:
    """Return among how many settings a candidate's own were chosen: each was a try."""
    return int(((candidate.body or {}).get("model") or {}).get("tries") or 1)


def _corrected(
    store: Store, uncorrected: Tries, rows: JudgedRows, others: Sequence[Candidate], body: Body
) -> Tries:
    from core.measures.bootstrap import Quantity, Resampling, estimate
    from core.measures.selection import best_by_chance, deflated_sharpe
    from core.measures.weighted import WeightedScore

    chosen = body["settings"]
    how = Resampling(
        int(chosen["bootstrap_samples"]), int(chosen["block_sessions"]), float(chosen["confidence"]),
        int(chosen["bootstrap_seed"]),
    )  # fmt: skip
    scores = [rows.probability, *_scores(store, rows, others)]
    quantities: dict[str, Quantity] = {
        str(place): WeightedScore.of(rows, score) for place, score in enumerate(scores)
    }
    estimates = [values["auc"] for values in estimate(quantities, rows, how).values()]
    best = best_by_chance(
        estimates, chance=CHANCE, confidence=how.confidence, tries=uncorrected.count, reached=uncorrected.auc,
        stretch=_stretch(rows, how, uncorrected.count), seed=how.seed,
    )  # fmt: skip
    daily = [_daily(rows, score, float(chosen["cost_bps"])) for score in scores]
    sharpe = deflated_sharpe(daily[0], [_ratio(gain) for gain in daily], tries=uncorrected.count)
    tail = round((1 - how.confidence) / 2, 9)
    return replace(uncorrected, best=best, sharpe=sharpe, tail=tail)


def _by_record(uncorrected: Tries, rivals: Sequence[Candidate], body: Body) -> Tries:
    """Return the tries corrected by what is on record of each: normal draws as wide as its interval."""
    import numpy as np
    from scipy.special import ndtri

    from core.measures.bootstrap import Estimate
    from core.measures.risk import SESSIONS_A_YEAR
    from core.measures.selection import best_by_chance, deflated_sharpe_of

    chosen = body["settings"]
    confidence, samples = float(chosen["confidence"]), int(chosen["bootstrap_samples"])
    side = float(ndtri(1 - (1 - confidence) / 2))

    def errors(metric: str, unit: float = 1.0) -> list[tuple[float, float]]:
        """Return value and standard error, in ``unit``, of every candidate that has both, its own first."""
        bodies = [body, *(c.body for c in rivals if c.body and c.model_id != uncorrected.model_id)]
        entries = [performance[metric] for b in bodies if (performance := b["performance"])]
        return [
            (e["value"] / unit, (e["high"] - e["low"]) / 2 / side / unit)
            for e in entries
            if e["low"] is not None
        ]

    tail = round((1 - confidence) / 2, 9)
    random = np.random.default_rng(int(chosen["bootstrap_seed"]))
    drawn = [Estimate(v, v + error * random.standard_normal(samples)) for v, error in errors("auc")]
    best = best_by_chance(
        drawn, chance=CHANCE, confidence=confidence, tries=uncorrected.count, reached=uncorrected.auc
    )
    ratios = errors("long_flat_sharpe", SESSIONS_A_YEAR**0.5)  # of a session, as the other way gives it
    own_ratio = body["performance"]["long_flat_sharpe"]
    sharpe = None
    if own_ratio["low"] is not None:
        sharpe = deflated_sharpe_of(*ratios[0], [ratio for ratio, _ in ratios], tries=uncorrected.count)
    return replace(uncorrected, best=best, sharpe=sharpe, tail=tail)


def _stretch(rows: JudgedRows, how: Resampling, count: int) -> float:
    """Return how much wider few blocks make the far end of the best of so many."""
    from core.measures.expanded import blocks_of, stretch

    return stretch(1 - (1 - how.confidence) / count, blocks_of(rows, how))


def _rows(store: Store, own: Candidate) -> JudgedRows:
    """Return the judged rows of a candidate with ``next_return``."""
    from core.measures.judged_rows import labelled_rows

    table = table_of_kind(store, Slot("feature_engineer", own.keys["feature_engineer"]), "features")
    features = table.frame
    frame = features[[col.DATE, col.TICKER, col.RETURN]].sort_values([col.TICKER, col.DATE], kind="stable")
    following = frame.groupby(col.TICKER, sort=False)[col.RETURN].shift(-1)
    predictions = table_of_kind(
        store, Slot("train_or_score", own.keys["train_or_score"]), "predictions"
    ).frame
    earned = frame[[col.DATE, col.TICKER]].assign(next_return=following)
    return labelled_rows(
        predictions.merge(earned, on=[col.DATE, col.TICKER], how="left"),
        horizon_sessions=Label.of(table.header).horizon_sessions,
    )


def _scores(store: Store, rows: JudgedRows, others: Sequence[Candidate]) -> Iterator[NDArray[Any]]:
    """Yield what other candidates said of the same rows, NaN where they said nothing; the newest ones only."""
    for candidate in [c for c in others if c.body][-MOST_READ:]:
        try:
            theirs = table_of_kind(
                store, Slot("train_or_score", candidate.keys["train_or_score"]), "predictions"
            ).frame
        except (CheckpointError, DataError):
            continue
        own = theirs[[col.DATE, col.TICKER, col.PROBABILITY]]
        merged = rows.frame[[col.DATE, col.TICKER]].merge(own, on=[col.DATE, col.TICKER], how="left")
        yield merged[col.PROBABILITY].to_numpy(dtype=float)


def _daily(rows: JudgedRows, score: NDArray[Any], cost_bps: float) -> NDArray[Any]:
    from core.measures.judged_rows import numbers
    from core.measures.trading import positions, trading

    return trading(rows, numbers(rows.frame, "next_return"), positions(rows, score)).net(cost_bps)


def _ratio(daily: NDArray[Any]) -> float:
    from core.measures.risk import SESSIONS_A_YEAR, sharpe

    return sharpe(daily) / float(SESSIONS_A_YEAR**0.5)
