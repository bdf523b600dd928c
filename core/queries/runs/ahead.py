"""What a run will do, in words, before it starts: train anew or score, why, with which champion, and what is reused."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from core.errors import ModelError, listed
from core.prices.calendar import sessions_after
from core.queries.runs.preview import COMPARED, COMPUTED, REUSED, Preview
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.report.formatting import count, counted, spaced
from core.request.settings import Settings

TRAIN, SCORE, NOTHING = "train", "score", "nothing"
TRAINING = "train_or_score"


@dataclass(frozen=True)
class ChampionFacts:
    """The champion of a profile, as far as its model says it.

    Parameters
    ----------
    model_id, kind : str
    trained_to : str
        The last session (ISO) that it learnt from; empty where its file does not say.
    tickers : frozenset of str
        Those it learnt from; none where its file does not say.
    auc : float or None
        Of its walk-forward.
    """

    model_id: str
    kind: str
    trained_to: str
    tickers: frozenset[str]
    auc: float | None


@dataclass(frozen=True)
class Ahead:
    """What a run will do.

    Parameters
    ----------
    does : str
        ``train``, ``score`` or ``nothing``.
    head : str
        In a few words.
    because : str
        Why, in a sentence.
    facts : tuple of str
        More sentences: of the champion, of what is reused.
    doubts : tuple of str
        What speaks against it.
    """

    does: str
    head: str
    because: str
    facts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def champion_facts(settings: Settings, profile: str) -> ChampionFacts | None:
    """Return the champion of a profile, None where nobody has promoted a model there.

    Raises
    ------
    ModelError
        If the pointer or the model is damaged.
    """
    champion = Champions(settings).of(profile)
    if champion is None:
        return None
    try:
        body = json.loads(Registry(settings.data).bytes_of(champion.model_id, champion.sha256))
        training = body["training"]
        auc = ((body.get("walk_forward") or {}).get("performance") or {}).get("auc") or {}
        return ChampionFacts(
            champion.model_id,
            str(body["model_kind"]),
            str(training.get("to") or ""),
            frozenset(map(str, training.get("tickers") or ())),
            auc.get("value"),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"model {champion.model_id} cannot be read", expected="a model file") from error


def ahead(
    plan: Preview,
    profile: str,
    champion: ChampionFacts | None,
    *,
    last: str = "",
    tickers: Collection[str] = (),
    calendar: str = "",
) -> Ahead:
    """Return what a run of ``plan`` will do.

    Parameters
    ----------
    plan : Preview
        Of the run.
    profile : str
        That it belongs to.
    champion : ChampionFacts or None
        Of that profile.
    last : str
        The last session (ISO) in the data, where it is known.
    tickers : collection of str
        Of the data, where they are known.
    calendar : str
        In which the champion's age is counted.
    """
    values = {each.name: each for each in plan.parameters}
    mode, is_request = values["mode"].value, values["mode"].origin == "asked"
    reuse = reuse_sentence(plan)
    if not plan.count(COMPUTED) and not plan.count(COMPARED):
        return Ahead(NOTHING, "Nothing to do", f"All {len(plan.steps)} stages are there already. {_ENDS}")
    if mode == SCORE:
        if champion is None:  # somebody took it away between the plan and this question
            return Ahead(SCORE, "Scores with the champion", "It is the champion of this profile.", (reuse,))
        return Ahead(
            SCORE,
            f"Scores with champion {champion.model_id}",
            f"{'You ask for it' if is_request else f'It is the champion of {profile}'}; nothing is trained.",
            (*champion_sentences(champion, last, calendar), reuse),
            _doubts(champion, tickers),
        )
    if any(step.stage == TRAINING and step.does == REUSED for step in plan.steps):
        same = "Prices and options of training are as they were: the candidate is there already."
        return Ahead(TRAIN, "Trains nothing new, and judges again", same, (reuse,))
    if champion is None:
        because = f"Profile {profile} has no champion yet." if not is_request else "You ask for it."
        follows = "The candidate scores once somebody promotes it."
    else:
        because = f"You ask for it, although {profile} has a champion ({champion.model_id})."
        follows = "That one goes on scoring until somebody promotes the candidate, and both are compared."
    return Ahead(TRAIN, "Trains a model anew", because, (follows, reuse))


_ENDS = "The run ends at once, with the same report."


def champion_sentences(champion: ChampionFacts, last: str, calendar: str) -> tuple[str, ...]:
    """Return what is known of a champion: its kind, how far it learnt, how old that is, how good it was."""
    how_good = (
        f", AUC {champion.auc:.3f} in its walk-forward" if champion.auc is not None else ", never judged"
    )
    sentences = [f"{spaced(champion.kind).capitalize()}{how_good}."]
    if champion.trained_to:
        sentences.append(f"It learnt up to {champion.trained_to}{_age(champion.trained_to, last, calendar)}.")
    return tuple(sentences)


def _age(trained_to: str, last: str, calendar: str) -> str:
    if not last or not calendar:
        return ""
    sessions = sessions_after(calendar, date.fromisoformat(trained_to), date.fromisoformat(last))
    if sessions is None:
        return ""
    return (
        f", {counted(sessions, 'session')} before the last of these prices"
        if sessions
        else ", the last of these prices"
    )


def _doubts(champion: ChampionFacts, tickers: Collection[str]) -> tuple[str, ...]:
    unknown = sorted(set(tickers) - champion.tickers)
    if not unknown or not champion.tickers:
        return ()
    were = "was" if len(unknown) == 1 else "were"
    part = f"{count(len(unknown))} of {counted(len(set(tickers)), 'ticker')}"
    return (f"{part} {were} not in its training: {listed(unknown)}.",)


def duration_sentence(plan: Preview, usual: Mapping[str, float]) -> str:
    """Return how long the stages that are made usually take; empty where that is not known of each of them.

    Parameters
    ----------
    usual : mapping of str to float
        Seconds by stage (:func:`core.queries.runs.usual.usual_of_profile`).

    Examples
    --------
    >>> from core.queries.runs.preview import Step
    >>> duration_sentence(Preview((), (Step("ingest", "k", "reused"), Step("clean", "k", "made"))), {"clean": 7.4})
    'Usually about 7 seconds.'
    """
    stages = [step.stage for step in plan.steps if step.does != REUSED]
    if not stages or any(stage not in usual for stage in stages):
        return ""
    seconds = sum(usual[stage] for stage in stages)
    if seconds < 100:
        return f"Usually about {counted(max(1, round(seconds)), 'second')}."
    return f"Usually about {counted(round(seconds / 60), 'minute')}."


def reuse_sentence(plan: Preview) -> str:
    """Return which stages are there already and which are made, by name.

    >>> from core.queries.runs.preview import Step
    >>> reuse_sentence(Preview((), (Step("ingest", "k", "reused"), Step("validate", "k", "made"))))
    'Reused: ingest. Made: validate.'
    """
    words = {REUSED: "Reused", COMPUTED: "Made", COMPARED: "Made again and compared"}
    parts = []
    for does, label in words.items():
        names = [step.stage.replace("_", " ") for step in plan.steps if step.does == does]
        if names:
            parts.append(f"{label}: {', '.join(names)}.")
    return " ".join(parts)
