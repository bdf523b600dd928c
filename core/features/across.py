"""Features across tickers on tables of several parts: each comparison within sessions is made over all parts at once.

A feature is computed part by part until it first asks how its values compare; the values of all parts are compared,
and it is computed again with that answer at hand, until it asks nothing new. So one column of all rows is in memory at
a time, and the values are those of one part that holds everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.errors import DataError
from core.features.comparing import Across, Groups, within_sessions
from core.plugins.describing import NoAnswerYet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.features.comparing import Mask
    from core.features.definitions import Feature
    from core.features.market import MarketPanel
    from core.features.panel import Vector

MOST_QUESTIONS = 50
"""Comparisons that one feature may make: each costs a pass over the table."""


class OpenQuestion(NoAnswerYet):
    """A feature asks how its values compare, and has no answer yet. No Exception: plug-in code is not to catch it."""

    def __init__(self, what: str, values: Vector, within: Groups) -> None:
        self.what, self.values, self.within = what, values, within
        super().__init__(what)


class Request(NamedTuple):
    """What one part asked: None where it asked nothing new."""

    what: str | None
    values: Vector
    session: NDArray[np.int64]
    member: Mask | None
    within: Groups = None


@dataclass(frozen=True)
class Answers:
    """The answers that a feature has so far, in files: they travel to other processes by their names.

    Parameters
    ----------
    folder : str
    feature : str
    number : int
        How many there are.
    """

    folder: str
    feature: str
    number: int = 0

    def file(self, answer: int, part: int) -> Path:
        """Return the file of one answer for one part."""
        return Path(self.folder) / f"across-{self.feature}-{answer}-{part}.npy"

    def of_part(self, part: int) -> Across:
        """Return how values compare in one part; without an answer it raises :class:`OpenQuestion`."""
        # read before own code runs, which may read no file
        answers: list[Vector] = [np.load(self.file(answer, part)) for answer in range(self.number)]
        return in_turn(lambda call: answers[call] if call < len(answers) else None)


def in_turn(answer_to: Callable[[int], Vector | None]) -> Across:
    """Return how values compare by answers in the order of the calls; :class:`OpenQuestion` where there is none."""
    calls: Iterator[int] = iter(range(MOST_QUESTIONS + 1))

    def across(what: str, values: Vector, within: Groups = None) -> Vector:
        answer = answer_to(next(calls))
        if answer is None:
            raise OpenQuestion(what, values, within)
        return answer

    return across


def request_of(feature: Feature, panel: MarketPanel, across: Across) -> Request:
    """Return what a feature asks that has no answer yet."""
    session = panel.session.astype("int64")
    try:
        feature.compute(panel.looking_across(across))
    except OpenQuestion as question:
        return Request(question.what, question.values, session, panel.member, question.within)
    return Request(None, np.empty(0), session, panel.member)


def answered(
    feature: Feature, folder: Path, parts: int, ask: Callable[[Answers], Iterator[Request]]
) -> Answers:
    """Return the answers to everything that a feature asks.

    Parameters
    ----------
    feature : Feature
    folder : Path
        Where the answers are kept.
    parts : int
        Of the table.
    ask : callable
        Asks every part, in order.

    Raises
    ------
    DataError
        If parts ask different things, or too many.
    """
    answers = Answers(str(folder), feature.name)
    while answers.number < MOST_QUESTIONS:
        requests = list(ask(answers))
        whats = {(part.what, part.within is None) for part in requests}
        if whats == {(None, True)}:
            return answers
        if len(whats) > 1:
            break
        compared = compared_in_parts(requests)
        for number in range(parts):
            np.save(answers.file(answers.number, number), compared[number])
        answers = Answers(answers.folder, answers.feature, answers.number + 1)
    raise DataError(
        f"feature {feature.name} compares tickers in a way that depends on which tickers there are",
        expected=f"the same calls of panel.rank and panel.mean_across for any tickers, at most {MOST_QUESTIONS}",
    )


def compared_in_parts(requests: Sequence[Request]) -> list[Vector]:
    """Return the answer to one question, part by part."""
    member = [part.member for part in requests if part.member is not None]
    session = np.concatenate([part.session for part in requests])
    groups = [part.within for part in requests]
    within = None if any(group is None for group in groups) else np.concatenate(groups)
    across = within_sessions(session, np.concatenate(member) if member else None)
    whole = across(str(requests[0].what), np.concatenate([part.values for part in requests]), within)
    return np.split(whole, np.cumsum([len(part.values) for part in requests])[:-1])


def in_two_parts(feature: Feature, panels: Sequence[MarketPanel]) -> Vector:
    """Return a feature across tickers as it comes out of a table of several parts, in memory."""
    answers: list[list[Vector]] = []

    def across(part: int) -> Across:
        return in_turn(lambda call: answers[call][part] if call < len(answers) else None)

    while len(answers) < MOST_QUESTIONS:
        requests = [request_of(feature, panel, across(number)) for number, panel in enumerate(panels)]
        if all(part.what is None for part in requests):
            break
        answers.append(compared_in_parts(requests))
    values = [feature.compute(panel.looking_across(across(number))) for number, panel in enumerate(panels)]
    return np.concatenate(values)
