"""The report on the desk says a finding once: what the first section has is left out of those below it.

The report's own bytes stay as they are: on paper each section is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.queries.reports.document import PAGE, WRITTEN, DocumentSection
from core.report import sections
from core.report.page_one import AUC_WORDS

_VERDICT = re.compile(r'(<p class="verdict">)([^<:]*)(: AUC )')
_PICTURE = r"<figure><figcaption>{}</figcaption>(?:(?!</figure>).)*</figure>"
_INTERVAL = re.compile(_PICTURE.format(r"AUC, its interval, and a coin toss\."), re.DOTALL)
_EXTENT = re.compile(_PICTURE.format("Prices from [^<]*"), re.DOTALL)
_SINCE = re.compile(r'<p class="note">Changed since the last signed report: [^<]*</p>\n?')
_SHORT_DOUBTS = re.compile(r'(<p class="caption">What is doubtful:</p>)(<ul>.*?</ul>)', re.DOTALL)
_DOUBTS = re.compile(r'<p class="plain">Doubts about this run:</p>\n(<ul>.*?</ul>)\n', re.DOTALL)
_OF_VERDICT = re.compile(r"<li>The verdict is &quot;[^<]*</li>")
_HEADLINE = re.compile(r"<dl><dt>Verdict</dt>.*?</dl>\n?", re.DOTALL)
_NOT_TO_ACT = re.compile(r'<p class="alarm" role="alert">(The verdict on this model is )')


_AUC = re.compile(
    r"(AUC) is the chance that the model puts [^.]*\. [\d.]+ is a coin toss, [\d.]+ is perfect; (this model has)"
)


def in_reading_order(several: Sequence[DocumentSection]) -> list[DocumentSection]:
    """Return the decision, its evidence, and below it what people write after they have read that."""
    return sorted(several, key=lambda section: section.kind == WRITTEN)


def said_once(several: Sequence[DocumentSection]) -> list[DocumentSection]:
    """Return sections without what the first one says already; all as they came where a person changed that one.

    >>> first = DocumentSection("Decision", "page", '<p class="verdict">It fails: AUC 0.498.</p>', "")
    >>> again = DocumentSection("Performance", "page", "<dl><dt>Verdict</dt><dd>fails</dd></dl><p>How.</p>", "")
    >>> [section.markup for section in said_once([first, again])]
    ['<p class="verdict"><strong>It fails</strong>: AUC 0.498.</p>', '<p>How.</p>']
    """
    pages = {section.title: section for section in several if section.kind == PAGE}
    if sections.DECISION not in pages:
        return list(several)
    for change in (_decision, _performance, _meaning, _doubts, _signals):
        change(pages)
    return [pages.get(section.title, section) for section in several]


def _decision(pages: dict[str, DocumentSection]) -> None:
    markup = pages[sections.DECISION].markup
    markup = _SINCE.sub("", _VERDICT.sub(r"\1<strong>\2</strong>\3", markup, count=1))
    if sections.PERFORMANCE in pages:  # the same picture stands there
        markup = _INTERVAL.sub("", markup)
    extent = _EXTENT.search(markup)
    if extent and sections.DATA in pages:
        markup = markup.replace(extent[0], "")
        _put(pages, sections.DATA, f"{pages[sections.DATA].markup}\n{extent[0]}")
    _put(pages, sections.DECISION, markup)


def _performance(pages: dict[str, DocumentSection]) -> None:
    if sections.PERFORMANCE in pages:
        _put(pages, sections.PERFORMANCE, _HEADLINE.sub("", pages[sections.PERFORMANCE].markup, count=1))


def _meaning(pages: dict[str, DocumentSection]) -> None:
    """What the AUC is stands below the first table that has it."""
    if sections.MEANING in pages and AUC_WORDS in pages[sections.DECISION].markup:
        _put(pages, sections.MEANING, _AUC.sub(r"\1: \2", pages[sections.MEANING].markup, count=1))


def _doubts(pages: dict[str, DocumentSection]) -> None:
    """Bring the doubts, whole, to the decision, where their first sentences stand: below only limits follow."""
    first, below = pages[sections.DECISION].markup, pages.get(sections.LIMITS)
    short, whole = _SHORT_DOUBTS.search(first), _DOUBTS.search(below.markup) if below else None
    if below and short and whole:
        doubts = _OF_VERDICT.sub("", whole[1])
        _put(pages, sections.DECISION, first.replace(short[2], doubts, 1))
        _put(pages, sections.LIMITS, below.markup.replace(whole[0], "", 1))


def _signals(pages: dict[str, DocumentSection]) -> None:
    """What is no failure of the program has the colour of a warning, as on the page Signals."""
    for title in (sections.SIGNALS, sections.SIGNALS_AHEAD):
        if title in pages:
            markup = _NOT_TO_ACT.sub(r'<p class="alarm caution" role="alert">\1', pages[title].markup)
            _put(pages, title, markup)


def _put(pages: dict[str, DocumentSection], title: str, markup: str) -> None:
    pages[title] = replace(pages[title], markup=markup)
