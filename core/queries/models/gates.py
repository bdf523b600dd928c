"""What a candidate must pass before it is promoted without a second thought, one line each.

The gates are those of :func:`core.evaluation.champion.judgement` and of the advice, told apart: a person
sees which one failed. They decide nothing; whoever promotes says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import listed
from core.evaluation.champion import NOT_INFERIOR
from core.evaluation.verdict import BETTER, CHANCE, MIN_NEW_ROWS, highest_auc
from core.label import Label
from core.models.splits import judged_sessions_needed
from core.report.formatting import apart, e_value, loss, ratio
from core.tables import Body

if TYPE_CHECKING:
    from core.registry.tries import Tries


@dataclass(frozen=True)
class PromotionGate:
    """One condition.

    Parameters
    ----------
    name : str
    value : float, str or None
        What was found; None where it is not known.
    needed : str
        What would pass.
    passed : bool or None
        None: cannot be told.
    bound : float or None
        The number that the value is held against.
    write : callable
        How its value is written everywhere else.
    unit : str
        What its value is, where it is a number.
    """

    name: str
    value: float | str | None
    needed: str
    passed: bool | None
    bound: float | None = None
    write: Callable[[float | None], str] = ratio
    unit: str = ""

    def words(self) -> str:
        """Return the value as it is written everywhere; with more decimals where that would be the bound itself.

        >>> PromotionGate("Better than chance", 0.50013, "interval above 0.5", True, 0.5).words()
        '0.5001'
        >>> PromotionGate("Better than chance", 0.47731, "interval above 0.5", False, 0.5).words()
        '0.477'
        """
        return self.value if isinstance(self.value, str) else apart(self.value, self.bound, self.write)[0]

    def measured(self) -> str:
        """Return the value with what it is.

        >>> PromotionGate("Better than chance", 0.47731, "above 0.5", False, 0.5, unit="interval from").measured()
        'interval from 0.477'
        >>> PromotionGate("Better than chance", None, "above 0.5", None, 0.5, unit="interval from").measured()
        'n/a'
        """
        return f"{self.unit} {self.words()}".strip() if isinstance(self.value, float) else self.words()


def gates(body: Body, tries: Tries | None = None) -> list[PromotionGate]:
    """Return the gates of a candidate, those about the champion only when there is one.

    Parameters
    ----------
    body : mapping
        An evaluation.
    tries : Tries, optional
        The candidate among all that were judged on the same sessions.
    """
    auc = body["performance"].get("auc") or {}
    low = auc.get("low")
    highest = highest_auc(body)
    clear = None if highest is None else not body["leak_alarm"]["raised"]
    leak_auc = body["settings"]["leak_auc"]
    result = [
        PromotionGate(
            "No sign of a leak", highest, f"no AUC above {leak_auc:g}", clear, leak_auc, unit=f"highest {_AUC}"
        ),
        _skill(body, low),
        *_among_tries(tries),
        *_of_training(body),
    ]  # fmt: skip
    champion = body.get("champion")
    return result + (_beside(champion, Label.of(body).horizon_sessions) if champion else [])


def _of_training(body: Body) -> list[PromotionGate]:
    """Return the gate that every scored ticker was in training; none of an evaluation that does not say it."""
    names = (body.get("model") or {}).get("new_tickers")
    if names is None or body.get("mode") != "score":
        return []
    return [
        PromotionGate(
            "Trained on every scored ticker",
            listed(names) or "yes",
            "no ticker that training lacked",
            not names,
        )
    ]


def _skill(body: Body, low: float | None) -> PromotionGate:
    """Return the gate of skill: of a model in use by the evidence that is valid at every look."""
    evidence = body.get("sequential")
    if not evidence or low is None:
        needed = f"interval above {CHANCE:g}"
        return PromotionGate("Better than chance", low, needed, _above(low, CHANCE), CHANCE, unit=_LOW)
    bound, e = float(evidence["threshold"]), float(evidence["e_value"])
    needed = f"an e-value of {bound:g} or more"
    return PromotionGate(
        "Better than chance", e, needed, body["verdict"] == BETTER, bound, e_value, "e-value"
    )


def _among_tries(tries: Tries | None) -> list[PromotionGate]:
    """Return the gate of a candidate that is one of several; none for a single one."""
    if tries is None or tries.count == 1:
        return []
    high = None if tries.best is None else tries.best.high
    needed = "not known" if high is None else f"AUC above {ratio(high)}"
    name = f"Better than the best of {tries.count} by chance"
    return [PromotionGate(name, tries.auc, needed, tries.above_chance, high, unit=_AUC)]


def _beside(champion: Body, horizon: int) -> list[PromotionGate]:
    pairs = {pair["metric"]: pair for pair in champion["paired"]}
    auc, worse = pairs.get("auc") or {}, (pairs.get("brier") or {}).get("difference")
    changed = champion.get("feature_changes")
    same = None if changed is None else bool(changed["same"])
    enough = bool(champion["compared"])
    compared = "yes" if enough else str(champion["reason"])
    low, bound = auc.get("low"), "interval of the difference above"
    needed = f"{MIN_NEW_ROWS} rows in {judged_sessions_needed(horizon)} sessions or more"
    return [
        PromotionGate("Compared on the same later rows", compared, needed, enough),
        PromotionGate("Better than the champion", low, f"{bound} 0", _above(low, 0.0), 0.0, unit=_LOW),
        PromotionGate(
            "Not inferior to the champion", low, f"{bound} {NOT_INFERIOR:g}", _above(low, NOT_INFERIOR), NOT_INFERIOR,
            unit=_LOW,
        ),
        PromotionGate(
            "Brier score no worse", worse, "difference at most 0", _at_most(worse, 0.0), 0.0, loss, "difference"
        ),
        PromotionGate("Same feature definitions", _SAME[same], "the champion's", same),
    ]  # fmt: skip


_AUC, _LOW = "AUC", "interval from"

_SAME = {True: "same", False: "changed", None: None}


def _above(value: float | None, bound: float) -> bool | None:
    return None if value is None else value > bound


def _at_most(value: float | None, bound: float) -> bool | None:
    return None if value is None else value <= bound
