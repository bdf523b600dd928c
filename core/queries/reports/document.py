"""A report as a document: its sections in reading order, generated ones with their pictures, people's as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from core.report.as_html import html_of
from core.report.blocks import Block, Section
from core.report.narrative import headings
from core.report.sections import ANALYST_SECTIONS, CONTENTS, OF_PROGRAM

PAGE, WRITTEN, CHANGED = "page", "written", "changed"
"""What a section is: as the pipeline drew it, for people to write, or generated and changed by a person since."""

_SECTION = re.compile(
    r'<section id="[^"]*"[^>]*>\n<h2>(?P<title>.*?)</h2>\n(?P<markup>.*?)\n</section>\n', re.DOTALL
)


@dataclass(frozen=True)
class DocumentSection:
    """One section of a text.

    Parameters
    ----------
    title : str
        Its heading; empty for what stands above the first.
    kind : str
        :data:`PAGE`, :data:`WRITTEN` or :data:`CHANGED`.
    markup : str
        Of a page's section: the HTML below its heading. Else empty.
    text : str
        What the text says below the heading.
    """

    title: str
    kind: str
    markup: str
    text: str


def document(page: str, generated: str, text: str) -> list[DocumentSection]:
    r"""Return the sections of ``text`` in its order; the contents list is left out.

    Parameters
    ----------
    page : str
        The report's HTML, as the pipeline wrote it.
    generated : str
        The text that editing started from.
    text : str
        The text as it stands. A generated section that is not as it was comes as text: the page's pictures
        and tables would say what the report no longer says.

    Examples
    --------
    >>> page = '<section id="decision">\n<h2>Decision</h2>\n<p>No.</p>\n</section>\n'
    >>> generated = "T\n\nDecision\n--------\nNo.\n"
    >>> [(section.title, section.kind) for section in document(page, generated, generated)]
    [('Decision', 'page')]
    >>> [section.kind for section in document(page, generated, generated.replace("No.", "Yes."))]
    ['changed']
    """
    drawn = {unescape(match["title"]): match["markup"] for match in _SECTION.finditer(page)}
    before, now = _bodies(generated), _bodies(text)
    opening = [] if before[""] == now[""] else [DocumentSection("", CHANGED, "", now[""])]
    return opening + [
        _section(title, body, before.get(title), drawn.get(title))
        for title, body in now.items()
        if title not in ("", CONTENTS)
    ]


def markup_of(block: Block) -> str:
    """Return a block as a section of the report's page has it, to be found there."""
    section = _SECTION.search(html_of("", "", [Section("-", (block,))]))
    assert section is not None, "a page has a section for each that it is made of"
    return section["markup"]


def _section(title: str, body: str, before: str | None, markup: str | None) -> DocumentSection:
    if title in ANALYST_SECTIONS or title not in OF_PROGRAM:
        return DocumentSection(title, WRITTEN, "", body)
    if markup is None or before != body:
        return DocumentSection(title, CHANGED, "", body)
    return DocumentSection(title, PAGE, markup, body)


def _bodies(text: str) -> dict[str, str]:
    """Return what stands below each heading, in order; of what stands above the first under an empty name."""
    places = headings(text)
    starts = [at for _, at in places]
    ends = [*starts, len(text)][1:]  # none without a heading
    bodies = {"": text[: starts[0] if starts else len(text)].strip("\n")}
    for (name, start), end in zip(places, ends, strict=True):
        bodies.setdefault(name, text[start + 2 * len(name) + 2 : end].strip("\n"))
    return bodies
