"""The draft report from the evaluation alone: the same evaluation gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.errors import DataError, listed
from core.report import about_data, about_features, about_models, about_results, about_slices
from core.report.as_html import html_of
from core.report.as_text import text_of
from core.report.blocks import Contents, Facts, Paragraph, Placeholder, Section
from core.report.doubts import limits
from core.report.formatting import counted, period, word
from core.report.meaning import meaning
from core.report.page_one import decision
from core.report.sections import ANALYST_SECTIONS, CONTENTS, PLACEHOLDER, SIGN_OFF, STATUS, TITLE
from core.tables import Body
from core.tables.artifacts import Document, Text

NEEDED = (
    "verdict", "verdict_sentence", "mode", "performance", "training_performance", "baselines", "beside",
    "paired", "rows", "sessions", "up_rate", "from", "to", "by_fold", "by_ticker", "calibration",
    "leak_alarm", "drift", "drift_window", "signals", "data", "features", "model", "settings", "digests",
)  # fmt: skip
"""What the body of an evaluation must have for a report; what later versions added may be missing."""


class PluginSection(Protocol):
    """A user-defined section."""

    @property
    def title(self) -> str:
        """Its heading."""

    def __call__(self, body: Body) -> Sequence[str]:
        """Return its sentences."""


_BLANK = "." * 40


def render(evaluation: Document, *, own_sections: Sequence[PluginSection] = ()) -> list[Text]:
    """Return ``report.txt`` and ``report.html`` of an evaluation.

    Parameters
    ----------
    evaluation : Document
        Kind ``evaluation``; a null figure is written ``n/a`` and its reason stands below the table.
    own_sections : sequence of PluginSection
        User-defined sections, before the appendix of digests.

    Returns
    -------
    list of Text
        The draft as text and as a self-contained page: the same sections, tables and sentences.

    Raises
    ------
    DataError
        If the document lacks something that a report must say.
    """
    body = evaluation.body
    missing = [key for key in NEEDED if key not in body]
    if missing:
        raise _unusable(f"it has no {listed(missing)}")
    try:
        sections = contents(body, own_sections)
        subtitle = _subtitle(body)
        text, page = text_of(TITLE, subtitle, sections), html_of(TITLE, subtitle, sections)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable(f"{type(error).__name__}: {error}") from error
    return [Text("report", text, ".txt"), Text("report", page, ".html")]


def _unusable(why: str) -> DataError:
    return DataError(
        f"the evaluation cannot be reported: {why}",
        expected="a document as the evaluate stage writes it",
        remedy="Make it again with: afterclose stage evaluate.",
    )


def contents(body: Body, own: Sequence[PluginSection] = ()) -> tuple[Section, ...]:
    """Return every section of the report in reading order (:data:`core.report.sections.SECTIONS`)."""
    behind = (
        about_models.advice(body),
        about_slices.signals(body),
        limits(body),
        about_results.performance(body),
        meaning(body),
        about_models.champion(body),
        about_results.economics(body),
        about_slices.calibration(body),
        about_slices.by_fold(body),
        about_slices.by_period(body),
        about_slices.by_ticker(body),
        about_slices.by_state(body),
        about_slices.drift(body),
        about_models.live(body),
        about_data.model(body),
        about_features.features(body),
        about_data.data(body),
        about_data.quality(body),
        about_data.done(body),
        *(Section(entry.title, tuple(map(Paragraph, entry(body)))) for entry in own),
        about_data.appendix(body),
    )
    return (
        decision(body),
        *(Section(title, (Placeholder(PLACEHOLDER),)) for title in ANALYST_SECTIONS),
        _sign_off(),
        Section(CONTENTS, (Contents(tuple(section.title for section in behind)),)),
        *behind,
    )


def _subtitle(body: Body) -> str:
    prices = body["data"]
    source = word((prices.get("source") or {}).get("name", "not recorded"))
    tickers = counted(len(prices["tickers"]), "ticker")
    return f"Source {source}, {tickers}, sessions {period(prices['from'], prices['to'])}, mode {body['mode']}"


def _sign_off() -> Section:
    text = "Nobody has signed this draft. It is evidence for review until a named person signs it."
    blanks = tuple(
        (field, _BLANK)
        for field in ("Name", "Role", "Meaning (reviewed, approved, rejected)", "Date", "Comment")
    )
    return Section(SIGN_OFF, (Paragraph(f"Status: {STATUS}."), Paragraph(text), Facts(blanks)))
