"""What a person decides about: the candidate of a run, the champion beside it, and the others that wait. Read-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import listed
from core.queries.models.gates import PromotionGate
from core.queries.models.modelbook import listing
from core.queries.runs.run_labels import short_ids
from core.registry.candidates import by_profile
from core.report.formatting import count, counted, name, period, ratio, span
from core.tables import Body

if TYPE_CHECKING:
    from core.request.settings import Settings


MOST_TICKERS = 6
"""Tickers that are named; of more, how many there are."""


@dataclass(frozen=True)
class ModelFacts:
    """A model of a profile, as far as a decision about it needs.

    Parameters
    ----------
    entry : mapping
        As :func:`core.queries.models.modelbook.listing` has it.
    run_id : str
        The run that trained it; empty where the journal does not know.
    """

    entry: Body
    run_id: str = ""

    @property
    def model_id(self) -> str:
        """Its id."""
        return str(self.entry["model_id"])

    @property
    def short_id(self) -> str:
        """The beginning of its id."""
        return short_ids(self.model_id)

    @property
    def state(self) -> str:
        """``champion``, ``candidate``, ``rejected`` or ``retired``."""
        return str(self.entry["state"])

    def trained(self) -> str:
        """Return the first and the last session of its training."""
        return period(self.entry["trained_from"], self.entry["trained_to"])

    def tickers(self) -> str:
        """Return the tickers of its training, of many their number.

        >>> ModelFacts({"tickers": ["A", "B"]}).tickers(), ModelFacts({"tickers": list("ABCDEFG")}).tickers()
        ('A, B', '7 tickers')
        """
        names = self.entry.get("tickers") or []
        return listed(names) if len(names) <= MOST_TICKERS else counted(len(names), "ticker")

    def auc(self) -> str:
        """Return its walk-forward AUC with its interval, or that it was not judged."""
        estimate = self.entry["auc"]
        if not estimate or estimate.get("value") is None:
            return "not judged"
        return f"{ratio(estimate['value'])} {span(estimate, ratio)}"

    def sentence(self) -> str:
        """Return the model in one line: kind, tickers, training and AUC."""
        kind = name(self.entry["model_kind"] or "kind not known")
        return f"{kind}, {self.tickers() or 'tickers not known'}, trained {self.trained()}, AUC {self.auc()}"


@dataclass(frozen=True)
class Choice:
    """What there is to decide at a run.

    Parameters
    ----------
    candidate : ModelFacts or None
        The model that this run trained, unless it is the champion; never the model of another run.
    champion : ModelFacts or None
        The one in use in the profile now.
    waiting : tuple of ModelFacts
        Other candidates of the profile, those trained on the latest sessions first.
    why_none : str
        Why there is no candidate; empty where there is one, or where it has become the champion.
    """

    candidate: ModelFacts | None
    champion: ModelFacts | None
    waiting: tuple[ModelFacts, ...]
    why_none: str = ""


def choice(settings: Settings, profile: str, body: Body) -> Choice:
    """Return what there is to decide in a profile at the run with the evaluation ``body``.

    Raises
    ------
    ModelError
        If the champion pointer is damaged.
    """
    runs = {each.model_id: each.run_id for each in by_profile(settings, profile)}
    models = {
        entry["model_id"]: ModelFacts(entry, runs.get(entry["model_id"], ""))
        for entry in listing(settings, profile)
    }
    champion = next((facts for facts in models.values() if facts.state == "champion"), None)
    own = model_of(body)
    candidate, why_none = _candidate(models, own, body)
    waiting = tuple(f for f in models.values() if f.state == "candidate" and f is not candidate)
    return Choice(candidate, champion, waiting, why_none)


def _candidate(models: Mapping[str, ModelFacts], own: str, body: Body) -> tuple[ModelFacts | None, str]:
    """Return the candidate of the run, or None and why there is none."""
    model = body.get("model") or {}
    if model.get("retained"):
        return None, f"The training of this run failed; it used {short_ids(own)}, and made no candidate."
    if body["mode"] != "train":
        return None, f"This run trained nothing: it scored with {short_ids(own)}, and made no candidate."
    facts = models.get(own)
    if facts is None:
        return None, f"Model {short_ids(own)} of this run is not in the registry of this profile."
    if facts.state == "champion":
        return None, ""
    return facts, ""


def not_passed(gates: Sequence[PromotionGate]) -> list[str]:
    """Return the names of the gates that a candidate did not pass."""
    return [gate.name for gate in gates if gate.passed is False]


def side_by_side(candidate: ModelFacts, champion: ModelFacts | None) -> dict[str, list[str]]:
    """Return candidate and champion as the columns of a table, what each is in the rows."""
    rows = ("Model", "Kind", "Tickers", "Trained", "Rows", "Walk-forward AUC", "Run")

    def column(facts: ModelFacts) -> list[str]:
        kind = name(facts.entry["model_kind"] or "not known")
        figures = (count(facts.entry["rows"]), facts.auc(), facts.run_id or "not known")
        return [facts.model_id, kind, facts.tickers() or "not known", facts.trained(), *figures]

    beside = column(champion) if champion else ["none yet", *[""] * (len(rows) - 1)]
    return {"": list(rows), "Candidate": column(candidate), "Champion in use": beside}


def since_then(champion: str, body: Body) -> str:
    """Return in a sentence that another model is champion (by its id, empty: none) than when the run was judged.

    Empty if it is the same.

    What an evaluation says of "the champion" is true of its time; a page that shows both must say so.
    """
    then = str((body.get("champion") or {}).get("model_id") or "")
    own = model_of(body) if body["mode"] == "score" else ""
    if champion in (then, own) or not champion:
        return ""
    before = f"the champion was {short_ids(then)}" if then else "there was no champion"
    who = (
        f"{short_ids(champion)}, the model of this run,"
        if champion == model_of(body)
        else short_ids(champion)
    )
    return f"When this run was judged {before}; since then {who} was made the champion."


def question(choice: Choice, body: Body) -> str:
    """Return in a sentence what a person is asked about the models as they stand now."""
    candidate, champion = choice.candidate, choice.champion
    if candidate:
        return (
            f"Should {candidate.short_id} replace the champion {champion.short_id}?"
            if champion
            else f"Should {candidate.short_id} become the first champion?"
        )
    if champion is None:
        return "There is no model to decide about."
    return f"Keep the champion {_whose(champion, body)} or train a successor?"


def champion_words(choice: Choice, body: Body) -> str:
    """Return in a sentence which model is the champion now, and that it is the one judged; empty without a champion."""
    return f"{_whose(choice.champion, body)} is the champion now." if choice.champion else ""


def _whose(champion: ModelFacts, body: Body) -> str:
    return (
        f"{champion.short_id}, the model of this run,"
        if champion.model_id == model_of(body)
        else champion.short_id
    )


def advice_now(choice: Choice, gates: Sequence[PromotionGate]) -> str:
    """Return in a sentence what can be said now that another model is champion than when the run was judged."""
    if choice.candidate:
        return "The two were not judged beside each other; a run that trains anew does that."
    failed = len(not_passed(gates))
    if failed:
        verb = "is" if failed == 1 else "are"
        words = f"{failed} of {counted(len(gates), 'gate')} {verb} not passed"
        return f"{words}: keep it with a reason, or train a successor."
    return "No gate speaks against keeping it."


def model_of(body: Body) -> str:
    """Return the id of the model that a run trained or scored with; empty where there was none."""
    return str((body.get("model") or {}).get("model_id") or "")
