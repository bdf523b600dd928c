"""What the figures mean, in plain words: every sentence follows from a figure of this evaluation."""

from __future__ import annotations

from core.label import Label
from core.report import sections
from core.report.blocks import Bullets, Paragraph, Section
from core.report.formatting import apart, beside_zero, loss, ratio, share
from core.report.readings import confidence
from core.tables import Body


def meaning(body: Body) -> Section:
    """Return one sentence or two per measure that has a value."""
    sentences = (
        _auc(body),
        _precision(body),
        _recall(body),
        _hit_rate(body),
        _brier(body),
        _skill(body),
        _log_loss(body),
    )
    items = tuple(sentence for sentence in sentences if sentence)
    if items:
        items = (*filter(None, [Label.of(body).meaning]), *items)
        return Section(sections.MEANING, (Bullets(items),))
    text = (
        "There are no figures to explain. A model that predicts nothing would score an AUC of 0.500, the "
        "toss of a coin; whether this one does better cannot be said yet."
    )
    return Section(sections.MEANING, (Paragraph(text),))


def _value(body: Body, key: str) -> float | None:
    value: float | None = (body["performance"].get(key) or {}).get("value")
    return value


def _auc(body: Body) -> str:
    value = _value(body, "auc")
    if value is None:
        return ""
    return (
        "AUC is the chance that the model puts a day before a rise above a day before a fall. 0.500 is a "
        f"coin toss, 1.000 is perfect; this model has {ratio(value)}.{_over_periods(body)}{_auc_range(body)}"
    )


def _over_periods(body: Body) -> str:
    periods = len([fold for fold in body["by_fold"] if fold.get("auc") is not None])
    if periods < 2:
        return ""
    return (
        f" It is the mean of the AUCs within {periods} test periods, each with the weight of its judged rows; "
        "a period in which every day rose or every day fell is left out."
    )


def _auc_range(body: Body) -> str:
    low, high = (body["performance"]["auc"].get(k) for k in ("low", "high"))
    if low is None or high is None:
        return ""
    begin, end = (apart(bound, 0.5)[0] for bound in (low, high))
    opening = f" Its {confidence(body)} interval runs from {begin} to {end}"
    if low <= 0.5 <= high:
        return f"{opening} and holds 0.500, so it cannot be told from a coin toss."
    return f"{opening}, all of it {'above' if low > 0.5 else 'below'} 0.500."


def _precision(body: Body) -> str:
    value = _value(body, "precision")
    if value is None:
        return ""
    return (
        f"Precision: of the days the model called up, {share(value)} did rise. Of all days judged, "
        f"{share(body['up_rate'])} rose, so that is what calling every day up would score."
    )


def _recall(body: Body) -> str:
    value = _value(body, "recall")
    if value is None:
        return ""
    return (
        f"Recall: of the days that rose, the model had called {share(value)}. Calling every day up would "
        "score 100.0%, so recall says little by itself."
    )


def _hit_rate(body: Body) -> str:
    value, always = _value(body, "hit_rate"), (body["baselines"].get("always_up") or {}).get("hit_rate")
    if value is None:
        return ""
    own, rule = apart(value, always, share)
    opening = f"Hit rate: {own} of all calls, up or down, were right."
    if always is None:
        return opening
    verdict = "more" if value > always else "no more"
    return f"{opening} Always saying up was right {rule} of the time: the model gave {verdict}."


def _brier(body: Body) -> str:
    value = _value(body, "brier")
    if value is None:
        return ""
    return (
        "Brier score is the mean squared distance between the probability and what happened; lower is "
        f"better, and always answering one half scores 0.2500. This model has {loss(value)}."
    )


def _skill(body: Body) -> str:
    value = _value(body, "brier_skill")
    if value is None:
        return ""
    verdict = "the probabilities add something" if value > 0 else "the probabilities add nothing"
    return (
        "Brier skill is the share of that error saved beside stating the up-rate known before each test period: "
        f"{beside_zero(value, share)}; {verdict}."
    )


def _log_loss(body: Body) -> str:
    value = _value(body, "log_loss")
    if value is None:
        return ""
    return (
        "Log loss punishes confident mistakes hardest; lower is better, and always answering one half "
        f"scores 0.6931. This model has {loss(value)}."
    )
