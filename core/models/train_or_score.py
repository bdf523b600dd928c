"""The train_or_score stage: a candidate and its walk forward, or the probabilities of a model in use."""

from __future__ import annotations

from collections.abc import Mapping

from core.models.train_settings import TrainOrScoreSettings
from core.tables.artifacts import Artifact, Table
from core.tables.inputs import document_of
from core.tables.workplace import Workplace


def train_or_score(
    features: Table,
    settings: TrainOrScoreSettings,
    *,
    inputs: Mapping[str, Artifact],
    features_sha256: str,
    workplace: Workplace | None = None,
) -> list[Artifact]:
    """Return predictions, and the candidate where one could be trained.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineering.engineer` gives it.
    settings : TrainOrScoreSettings
        Its mode decides: :func:`core.models.training.train` or :func:`core.models.scoring.score`.
    inputs : mapping of str to Artifact
        By kind; ``model`` is the one that scores, and a signal whose row ``findings`` doubt has no direction.
    features_sha256 : str
        Digest of the features' bytes; a trained model names it.

    Raises
    ------
    AftercloseError
        If there is no model to score with, or features and model do not fit.
    """
    findings = document_of(inputs, "findings") if "findings" in inputs else None
    # each half is imported where it is needed: scoring loads no trainer
    if settings.mode == "score":
        from core.models.scoring import score

        model = document_of(inputs, "model")
        return [score(features, model, settings.score, findings=findings, workplace=workplace)]
    from core.models.training import train

    assert settings.train is not None, "the plan gives every value of training where it trains"
    predictions, candidate = train(
        features, settings.train, features_sha256=features_sha256, findings=findings, workplace=workplace
    )
    return [predictions, candidate] if candidate else [predictions]
