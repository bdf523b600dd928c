"""What a candidate must pass before it is promoted without a second thought, one line each.

The gates are those of :func:`core.evaluation.champion.judgement` and of the advice, told apart: a person
sees which one failed. They decide nothing; whoever promotes says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import listed
from core.evaluation.champion import NOT_INFERIOR
from core.evaluation.verdict import BETTER, CHANCE, MIN_NEW_ROWS, highest_auc

if TYPE_CHECKING:
    from core.registry.tries import Tries

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Gate:
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
    """

    name: str
    value: float | str | None
    needed: str
    passed: bool | None


def gates(body: Body, tries: Tries | None = None) -> list[Gate]:
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
    result = [
        Gate("No sign of a leak", highest, f"AUC of any model at most {body['settings']['leak_auc']:g}", clear),
        _skill(body, low),
        *_among_tries(tries),
        *_of_training(body),
    ]  # fmt: skip
    champion = body.get("champion")
    return result + (_beside(champion) if champion else [])


def _of_training(body: Body) -> list[Gate]:
    """Return the gate that every scored ticker was in training; none of an evaluation that does not say it."""
    names = (body.get("model") or {}).get("new_tickers")
    if names is None or body.get("mode") != "score":
        return []
    return [
        Gate(
            "Trained on every scored ticker",
            listed(names) or "yes",
            "no ticker that training lacked",
            not names,
        )
    ]


def _skill(body: Body, low: float | None) -> Gate:
    """Return the gate of skill: of a model in use by the evidence that is valid at every look."""
    evidence = body.get("sequential")
    if not evidence or low is None:
        return Gate("Better than chance", low, "lower end above 0.5", _above(low, CHANCE))
    needed = f"an e-value of {evidence['threshold']:g} or more"
    return Gate("Better than chance", evidence["e_value"], needed, body["verdict"] == BETTER)


def _among_tries(tries: Tries | None) -> list[Gate]:
    """Return the gate of a candidate that is one of several; none for a single one."""
    if tries is None or tries.count == 1:
        return []
    needed = "not known" if tries.best is None else f"AUC above {tries.best.high:.3f}"
    return [Gate(f"Better than the best of {tries.count} by chance", tries.auc, needed, tries.above_chance)]


def _beside(champion: Body) -> list[Gate]:
    pairs = {pair["metric"]: pair for pair in champion["paired"]}
    auc, worse = pairs.get("auc") or {}, (pairs.get("brier") or {}).get("difference")
    changed = champion.get("feature_changes")
    same = None if changed is None else bool(changed["same"])
    enough = bool(champion["compared"])
    compared = "yes" if enough else str(champion["reason"])
    low, bound = auc.get("low"), "lower end of the difference above"
    return [
        Gate("Compared on the same later rows", compared, f"{MIN_NEW_ROWS} rows or more", enough),
        Gate("Better than the champion", low, f"{bound} 0", _above(low, 0.0)),
        Gate("Not inferior to the champion", low, f"{bound} {NOT_INFERIOR:g}", _above(low, NOT_INFERIOR)),
        Gate("Brier score no worse", worse, "difference at most 0", _at_most(worse, 0.0)),
        Gate("Same feature definitions", _SAME[same], "the champion's", same),
    ]  # fmt: skip


_SAME = {True: "same", False: "changed", None: None}


def _above(value: float | None, bound: float) -> bool | None:
    return None if value is None else value > bound


def _at_most(value: float | None, bound: float) -> bool | None:
    return None if value is None else value <= bound
