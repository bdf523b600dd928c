"""What an evaluation is about, read from its body: was there a judgement, and of what."""

from __future__ import annotations

from core.report.formatting import decimal, word
from core.tables import Body

_LITTLE = frozenset({"insufficient data", "insufficient new data"})


def has_verdict(body: Body) -> bool:
    """Return whether there was enough data for a verdict."""
    return body["verdict"] not in _LITTLE


def trained_here(body: Body) -> bool:
    """Return whether the run trained what it judges, rather than scoring with an earlier model."""
    return body["mode"] == "train" and not body["model"].get("retained")


def without_model(body: Body) -> bool:
    """Return whether the run has no model at all, rather than one whose name was not recorded."""
    return body["model"]["model_id"] is None and not has_verdict(body) and not body["signals"]


def confidence(body: Body) -> str:
    """Return the coverage of the intervals as percent.

    Examples
    --------
    >>> confidence({"settings": {"confidence": 0.95}}), confidence({"settings": {"confidence": 0.975}})
    ('95%', '97.5%')
    """
    return decimal(100 * body["settings"]["confidence"], 1).removesuffix(".0") + "%"


def retained(body: Body) -> str | None:
    """Return the sentence that training failed and an earlier model was kept, None if not so."""
    earlier = body["model"].get("retained")
    return f"Training failed; the previous model was kept: {word(earlier)}" if earlier else None
