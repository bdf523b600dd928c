"""What a person must know before a model becomes the champion, each in a sentence."""

from __future__ import annotations

from core.errors import AftercloseError
from core.features.feature_diff import change_in_words
from core.queries.models.modelbook import unjudged
from core.registry.feature_changes import change_by, missing_here
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review.decision_history import champion_of
from core.review.decisions import profile_to_promote_in


def doubts(settings: Settings, text: str, profile: str = "") -> list[str]:
    """Return why a promotion should be thought over: nothing is known of the model, or what it sees is other than now.

    Parameters
    ----------
    text : str
        The model: its id, the beginning of one, or a file.
    profile : str
        Whose champion it would become; empty: of the profile in which it was trained.

    Raises
    ------
    ParameterError
        If no model or more than one answers to ``text``.
    """
    identity = Registry(settings.data).find(text)
    sentences = [
        unjudged(settings, identity),
        _change(settings, identity, profile),
        missing_here(settings, identity),
    ]
    return [sentence for sentence in sentences if sentence]


def _change(settings: Settings, identity: str, profile: str) -> str:
    """Return what a promotion changes in the features, in a sentence; empty if nothing."""
    try:
        champion = champion_of(settings, profile_to_promote_in(settings, identity, profile))
    except AftercloseError:
        return ""  # whoever promotes it says what is wrong
    changed = change_by(settings, champion.model_id if champion else None, identity)
    if not changed:
        return ""
    whose = f"the champion {champion.model_id}" if champion else "a model of this program's features"
    return (
        f"Model {identity} does not see what {whose} sees: {change_in_words(changed)}. Say why; the reason is recorded "
        f"with the difference of the source. What it adds: afterclose models ablation {identity}"
    )
