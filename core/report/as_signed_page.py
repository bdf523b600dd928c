"""A signed report as one self-contained page: the signature's block, then the text as it was signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from core.report.as_html import beginning, gallery_of
from core.report.as_pdf import SUMMED_UP
from core.report.blocks import Picture
from core.report.narrative import first_page
from core.report.style import CSS

_HEADING = re.compile(r"(?m)^(?P<title>[^\n]{1,120})\n(?P<rule>-+|=+)$")
_LOOK = """
main pre { background: none; border: 0; padding: 0; font-size: .82rem; overflow-wrap: anywhere; }
.first h2 { display: block; }
@media print {
  .first pre { font-size: 7.8pt; line-height: 1.3; margin-bottom: .3rem; } .first h2 { font-size: 10pt; margin: 0; }
  .first section { margin: 0; }
}
"""


def signed_page(
    title: str, facts: Sequence[tuple[str, str]], text: str, pictures: Sequence[Picture] = ()
) -> str:
    """Return the page: no script, nothing fetched, every character of facts and text escaped.

    Parameters
    ----------
    facts : sequence of (name, value)
        The signature in human-readable form.
    text : str
        What was signed, without control characters; its headings become headings of the page, the rest stands
        as it is.
    pictures : sequence of Picture
        Stand below the text of the first page.
    """
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_lines(value)}</dd>" for name, value in facts)
    summary = "; ".join(escape(value) for name, value in facts if name in SUMMED_UP)
    first = first_page(text)
    return (
        f"{beginning(title, CSS + _LOOK)}<h1>{escape(title)}</h1>\n<p>{summary}</p>\n"
        '<span class="status">Signed</span>\n</header>\n<nav aria-label="Contents"><ol>'
        f"{_links(text)}</ol></nav>\n<main>\n"
        f'<div class="first">{_sections(first)}{gallery_of(pictures)}</div>\n'
        f"<section><h2>Signature</h2>\n<dl>{rows}</dl>\n</section>\n"
        f"{_sections(text[len(first) :])}</main>\n</div>\n</body>\n</html>\n"
    )


def _lines(value: str) -> str:
    return escape(value).replace("\n", "<br>")


def _heads(text: str) -> list[re.Match[str]]:
    """Return the headings of a text: lines over as many dashes, or equals signs, as they have characters."""
    return [m for m in _HEADING.finditer(text) if len(m["title"]) == len(m["rule"])]


def _links(text: str) -> str:
    titles = [m["title"] for m in _heads(text)]
    return "".join(f'<li><a href="#{_anchor(title)}">{escape(title)}</a></li>' for title in titles)


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())


def _sections(text: str) -> str:
    """Return the text in sections, each under its heading."""
    heads = _heads(text)
    ends = [*(m.start() for m in heads[1:]), len(text)]
    parts = [_pre(text[: heads[0].start()] if heads else text)]
    parts += [
        f'<section id="{_anchor(m["title"])}"><h2>{escape(m["title"])}</h2>\n{_pre(text[m.end() : end])}</section>\n'
        for m, end in zip(heads, ends, strict=False)
    ]
    return "".join(parts)


def _pre(text: str) -> str:
    words = text.strip("\n")
    return f"<pre>{escape(words)}</pre>\n" if words.strip() else ""
