"""What training and scoring are set by, typed; values of the stage table become these at the edge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainSettings:
    """What is trained, and the walk forward that judges it.

    Parameters
    ----------
    model : str
        The kind named in the report.
    beside : tuple of str
        Kinds trained beside it for comparison.
    seed : int
        Of everything random.
    min_train_sessions : int or None
        Sessions before the first fold; None takes what fits the history
        (:func:`core.models.splits.fitting_min_train_sessions`).
    fold_sessions : int
        Sessions in one fold.
    calendar : str
        Exchange calendar that names the session after the last.
    window : str
        ``rolling`` keeps the last ``rolling_sessions``; ``expanding`` keeps all history.
    rolling_sessions : int
    embargo_sessions : int
        Sessions left out between training and test, beside the label's horizon.
    model_parameters, model_grid : str
        Settings of the named model and lists of values to choose from, as JSON objects; empty: none.
    calibration : str
        ``none``, ``sigmoid`` or ``isotonic``.
    sample_weights : str
        ``none``, ``uniqueness``, ``decay`` or ``both``.
    half_life_sessions : int
        Of the decay.
    """

    model: str
    beside: tuple[str, ...]
    seed: int
    min_train_sessions: int | None
    fold_sessions: int
    calendar: str
    window: str = "expanding"
    rolling_sessions: int = 0
    embargo_sessions: int = 0
    model_parameters: str = ""
    model_grid: str = ""
    calibration: str = "none"
    sample_weights: str = "none"
    half_life_sessions: int = 504

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of models, the named one first, each once."""
        return tuple(dict.fromkeys((self.model, *self.beside)))

    @property
    def most_sessions(self) -> int | None:
        """The most sessions that are trained on, None without a limit."""
        return self.rolling_sessions if self.window == "rolling" else None

    @property
    def walk_limits(self) -> dict[str, int]:
        """What is left out before each fold beside the label's horizon, and the rolling window, where they are set."""
        limits = {"embargo_sessions": self.embargo_sessions or None, "rolling_sessions": self.most_sessions}
        return {name: sessions for name, sessions in limits.items() if sessions is not None}


@dataclass(frozen=True)
class ScoreSettings:
    """What scoring is set by.

    Parameters
    ----------
    calendar : str
        Exchange calendar that names the session after the last.
    """

    calendar: str


@dataclass(frozen=True)
class TrainOrScoreSettings:
    """What the stage is set by.

    Parameters
    ----------
    mode : str
        ``train`` or ``score``.
    train : TrainSettings or None
        None when scoring: the plan gives none of its values then.
    score : ScoreSettings
    """

    mode: str
    train: TrainSettings | None
    score: ScoreSettings
