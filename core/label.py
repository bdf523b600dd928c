"""The label, in one place: how far it looks ahead, what it asks, and the words for it.

Every room reads it here: features make it, folds and intervals leave out what overlaps, economics hold as long,
and texts name its horizon. The default (direction over one session) is written nowhere, so that what was made
before there was a choice reads as it always did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

DIRECTION, EXCESS = "direction", "excess"
LABELS = (DIRECTION, EXCESS)
"""What can be asked without a module: does the price rise, and does it do better than the mean of all tickers?"""

MOST_SESSIONS = 63
"""A quarter: of a longer horizon ten years hold under forty outcomes that do not overlap."""

_EVENTS = {DIRECTION: "a rise", EXCESS: "better than the mean"}

FIELD = "label"
"""Field of headers and of the evaluation."""

OWN_FIELD = "own"
"""Within it: what a module says of its label."""

OWN_IN_TRAINING = "own_label"
"""The same in a model's record ``training``, where the label is a name beside others."""


@dataclass(frozen=True)
class LabelDefinition:
    """The words of a user-defined label, and where it is defined.

    Parameters
    ----------
    text : str
        What is so where it is 1, as a clause: ``the return is above the mean of its sector``.
    event : str
        What a probability is one of, as the head of a column: ``better than its sector``.
    warm_up : int
        Rows before its own that a row's label rests on.
    across : bool
        Whether it compares tickers: it is known when the last of its session has its outcome.
    module : str
        The file of the module.
    line : int
    sha256 : str
        Of the module with all its files: the version of the label.
    """

    text: str
    event: str
    warm_up: int
    across: bool
    module: str
    line: int
    sha256: str


@dataclass(frozen=True)
class Label:
    """What the column ``up_next`` says.

    Parameters
    ----------
    horizon_sessions : int
        How many sessions of its ticker a row looks ahead, 1 to 63.
    label : str
        ``direction``: 1 if the adjusted close is higher then, else 0. ``excess``: 1 if the return up to then is
        above the mean of all tickers that have one at that session, else 0. Otherwise the name of a user-defined label.
    own : LabelDefinition or None
        Of a user-defined label: what it says.
    """

    horizon_sessions: int = 1
    label: str = DIRECTION
    own: LabelDefinition | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Label:
        """Return the label that a header or an evaluation names; the default where it names none.

        >>> Label.of({"label": {"horizon_sessions": 5, "label": "excess"}}).over
        'the next 5 sessions'
        """
        entry = (body or {}).get(FIELD)
        if not isinstance(entry, Mapping):
            return cls()
        return cls(int(entry["horizon_sessions"]), str(entry["label"]), _words(entry.get(OWN_FIELD)))

    @classmethod
    def of_training(cls, training: Mapping[str, Any]) -> Label:
        """Return the label that a model was trained on, from the record ``training`` of its file."""
        own = _words(training.get(OWN_IN_TRAINING))
        return cls(int(training["horizon_sessions"]), str(training.get(FIELD, DIRECTION)), own)

    @property
    def is_default(self) -> bool:
        """Whether it is the direction of the next session."""
        return self == NEXT_SESSION

    def asks_like(self, other: Label) -> bool:
        """Return whether both have one name and one horizon; the module of that name may be another text."""
        return (self.horizon_sessions, self.label) == (other.horizon_sessions, other.label)

    @property
    def is_across(self) -> bool:
        """Whether it compares the tickers of a session."""
        return self.own.across if self.own else self.label == EXCESS

    @property
    def facts(self) -> dict[str, Any]:
        """Horizon and name, and of a user-defined label what it says: as JSON that :meth:`of` reads in a field."""
        own = {OWN_FIELD: asdict(self.own)} if self.own else {}
        return {"horizon_sessions": self.horizon_sessions, FIELD: self.label, **own}

    @property
    def identity(self) -> dict[str, Any]:
        """What outcomes of one label have in common, as columns: horizon, name, and the text of its module."""
        digest = self.own.sha256 if self.own else ""
        return {"horizon_sessions": self.horizon_sessions, FIELD: self.label, "label_sha256": digest}

    @property
    def field(self) -> dict[str, Any]:
        """The field for a header; nothing of the default."""
        return {} if self.is_default else {FIELD: self.facts}

    @property
    def training(self) -> dict[str, Any]:
        """The fields for a model's record ``training``; the horizon always stood there."""
        kind = {} if self.label == DIRECTION else {FIELD: self.label}
        own = {OWN_IN_TRAINING: asdict(self.own)} if self.own else {}
        return {"horizon_sessions": self.horizon_sessions, **kind, **own}

    @property
    def text(self) -> str:
        """The definition of the column."""
        if self.is_default:
            return "1 if the return of the ticker's next session is above 0, else 0; null on its last row"
        h = self.horizon_sessions
        rows, later = ("row", "session") if h == 1 else (f"{h} rows", f"{h} sessions")
        if self.own:
            return f"1 if {self.own.text} over {self.over}, else 0; null on the ticker's last {rows}"
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
    def origin(self) -> str:
        """The label with the plug-in module that defines it, for a message about two of them."""
        return f"{self.name} of {self.own.module} (sha256 {self.own.sha256[:12]})" if self.own else self.name

    @property
    def outcome(self) -> str:
        """What a probability is one of, as the end of a sentence.

        >>> Label().outcome
        "the next session's return is above 0"
        """
        if self.own:
            return f"{self.own.text} over {self.over}"
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
        what = (
            f"whether {self.outcome}, not by how much"
            if self.own
            else f"the direction of {over}, not its size"
        )
        return f"The label is {what}: many small right calls can be undone by one large wrong one."

    @property
    def meaning(self) -> str:
        """What "up" and "a rise" mean, in a sentence; empty of the default, where they are plain."""
        return "" if self.is_default else f'"Up" and "a rise" mean here that {self.outcome}.'

    @property
    def event(self) -> str:
        """What a probability is one of, in a few words."""
        return self.own.event if self.own else _EVENTS.get(self.label, self.label)

    @property
    def is_rise(self) -> bool:
        """Whether a 1 is a rise of the price, whatever the horizon."""
        return self.label == DIRECTION

    @property
    def chance(self) -> str:
        """Head of a column, or of an axis, of probabilities."""
        return f"Probability of {self.event}"

    @property
    def expected(self) -> str:
        """Head of the mean probability of several rows."""
        return "Expected to rise" if self.is_rise else f"Expected {self.event}"

    @property
    def realised(self) -> str:
        """Head of the share of several rows whose outcome is 1, beside :attr:`expected`."""
        return "Rose" if self.is_rise else "Came true"

    @property
    def share(self) -> str:
        """The share of several rows whose outcome is 1."""
        return "Share that rose" if self.is_rise else "Share that came true"

    @property
    def ones(self) -> str:
        """Rows whose outcome is 1, as a noun: ``rises``."""
        return "rises" if self.is_rise else f"rows {self.event}"

    @property
    def zeros(self) -> str:
        """Rows whose outcome is 0, as a noun: ``falls``."""
        return "falls" if self.is_rise else f"rows not {self.event}"

    @property
    def outcomes(self) -> dict[float, str]:
        """What became of one row, by its outcome."""
        return (
            {1.0: "rose", 0.0: "did not rise"}
            if self.is_rise
            else {1.0: self.event, 0.0: f"not {self.event}"}
        )

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
    def gain(self) -> str:
        """The return that a call is set against: that of the label's horizon."""
        return "next return" if self.horizon_sessions == 1 else f"return over {self.over}"

    @property
    def overlap(self) -> str:
        """What overlapping labels mean for intervals, in a sentence; empty where none overlap."""
        if self.horizon_sessions == 1:
            return ""
        h = self.horizon_sessions
        return (
            f" Labels of {h} sessions overlap: such blocks see most of what they share, and the intervals are widened "
            f"for the rest, so that {h} sessions count as about one."
        )


def _words(entry: Any) -> LabelDefinition | None:
    return LabelDefinition(**entry) if isinstance(entry, Mapping) else None


NEXT_SESSION = Label()
"""The default: the direction of the next session."""
