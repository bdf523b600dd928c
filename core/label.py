"""The label, in one place: how far it looks ahead, what it asks, and the words for it.

Every room reads it here: features make it, folds and intervals leave out what overlaps, economics hold as long,
and texts name its horizon. The default (direction over one session) is written nowhere, so that what was made
before there was a choice reads as it always did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DIRECTION, EXCESS = "direction", "excess"
LABELS = (DIRECTION, EXCESS)
"""What can be asked: does the price rise, and does it do better than the mean of all tickers?"""

MOST_SESSIONS = 63
"""A quarter: of a longer horizon ten years hold under forty outcomes that do not overlap."""

FIELD = "label"
"""Field of headers and of the evaluation."""


@dataclass(frozen=True)
class Label:
    """What the column ``up_next`` says.

    Parameters
    ----------
    horizon_sessions : int
        How many sessions of its ticker a row looks ahead, 1 to 63.
    label : str
        ``direction``: 1 if the adjusted close is higher then, else 0. ``excess``: 1 if the return up to then is
        above the mean of all tickers that have one at that session, else 0.
    """

    horizon_sessions: int = 1
    label: str = DIRECTION

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Label:
        """Return the label that a header or an evaluation names; the default where it names none.

        >>> Label.of({"label": {"horizon_sessions": 5, "label": "excess"}}).over
        'the next 5 sessions'
        """
        entry = (body or {}).get(FIELD)
        return (
            cls(int(entry["horizon_sessions"]), str(entry["label"])) if isinstance(entry, Mapping) else cls()
        )

    @classmethod
    def of_training(cls, training: Mapping[str, Any]) -> Label:
        """Return the label that a model was trained on, from the record ``training`` of its file."""
        return cls(int(training["horizon_sessions"]), str(training.get(FIELD, DIRECTION)))

    @property
    def is_default(self) -> bool:
        """Whether it is the direction of the next session."""
        return self == NEXT_SESSION

    @property
    def field(self) -> dict[str, Any]:
        """The field for a header; nothing of the default."""
        values = {"horizon_sessions": self.horizon_sessions, FIELD: self.label}
        return {} if self.is_default else {FIELD: values}

    @property
    def training(self) -> dict[str, Any]:
        """The fields for a model's record ``training``; the horizon always stood there."""
        kind = {} if self.label == DIRECTION else {FIELD: self.label}
        return {"horizon_sessions": self.horizon_sessions, **kind}

    @property
    def text(self) -> str:
        """The definition of the column."""
        if self.is_default:
            return "1 if the return of the ticker's next session is above 0, else 0; null on its last row"
        h = self.horizon_sessions
        rows, later = ("row", "session") if h == 1 else (f"{h} rows", f"{h} sessions")
        if self.label == DIRECTION:
            return (
                f"1 if the ticker's adjusted close is higher {later} later, else 0; null on its last {rows}"
            )
        over = f"over {self.over}"
        return (
            f"1 if the ticker's return {over} is above the mean of all tickers' at that session, else 0; "
            f"null on its last {rows}"
        )

    @property
    def over(self) -> str:
        """The time it looks ahead: ``the next session``, ``the next 5 sessions``."""
        return f"the next {self._counted}"

    @property
    def _counted(self) -> str:
        return "session" if self.horizon_sessions == 1 else f"{self.horizon_sessions} sessions"

    @property
    def name(self) -> str:
        """The label in a few words, for a list of facts."""
        return f"{self.label} over {self.over}"

    @property
    def outcome(self) -> str:
        """What a probability is one of, as the end of a sentence.

        >>> Label().outcome
        "the next session's return is above 0"
        """
        whose = (
            "the next session's return"
            if self.horizon_sessions == 1
            else f"the return over the next {self._counted}"
        )
        return f"{whose} is above {'0' if self.label == DIRECTION else 'the mean of all tickers'}"

    @property
    def limits(self) -> str:
        """What a label leaves out, in a sentence."""
        over = self.over if self.label == DIRECTION else f"{self.over} beyond the mean of all tickers"
        return (
            f"The label is the direction of {over}, not its size: many small right calls can be undone "
            "by one large wrong one."
        )

    @property
    def meaning(self) -> str:
        """What "up" and "a rise" mean, in a sentence; empty of the default, where they are plain."""
        return "" if self.is_default else f'"Up" and "a rise" mean here that {self.outcome}.'

    @property
    def event(self) -> str:
        """What a probability is one of, as the head of a column."""
        return "rise" if self.label == DIRECTION else "better than the mean"

    @property
    def portfolio(self) -> str:
        """How a rule follows calls that look several sessions ahead, in a sentence; empty of one session."""
        if self.horizon_sessions == 1:
            return ""
        h = self.horizon_sessions
        return (
            f" Each session's calls move 1/{h} of the money and are held for {h} sessions, so that {h} portfolios "
            "overlap."
        )

    @property
    def overlap(self) -> str:
        """What overlapping labels mean for intervals, in a sentence; empty where none overlap."""
        if self.horizon_sessions == 1:
            return ""
        h = self.horizon_sessions
        return (
            f" Labels of {h} sessions overlap: blocks are no shorter than two horizons and the intervals are widened "
            f"for what is left, so that {h} sessions count as about one."
        )


NEXT_SESSION = Label()
"""The default: the direction of the next session."""
