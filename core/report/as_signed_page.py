"""A signed report as one self-contained page: the signature's block, then the text as it was signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from core.report.as_html import POLICY
from core.report.style import CSS

_HEADING = re.compile(r"(?m)^(?P<title>[^\n]{1,120})\n(?P<rule>-+|=+)$")
_LOOK = "main pre { background: none; border: 0; padding: 0; font-size: .82rem; overflow-wrap: anywhere; }"


def signed_page(title: str, facts: Sequence[tuple[str, str]], text: str) -> str:
    """Return the page: no script, nothing fetched, every character of facts and text escaped.

    Parameters
    ----------
    facts : sequence of (name, value)
        The signature in human-readable form.
    text : str
        What was signed, without control characters; its headings become headings of the page, the rest stands
        as it is.
    """
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_lines(value)}</dd>" for name, value in facts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}{_LOOK}</style>\n</head>\n<body>\n"
        f'<div class="frame">\n<header>\n<h1>{escape(title)}</h1>\n<span class="status">Signed</span>\n'
        f'</header>\n<nav aria-label="Contents"></nav>\n<main>\n<section><h2>Signature</h2>\n<dl>{rows}</dl>\n'
        f"</section>\n{_sections(text)}</main>\n</div>\n</body>\n</html>\n"
    )


def _lines(value: str) -> str:
    return escape(value).replace("\n", "<br>")


def _sections(text: str) -> str:
    """Return the text in sections; a heading is a line over as many dashes, or equals signs, as it has characters."""
    heads = [m for m in _HEADING.finditer(text) if len(m["title"]) == len(m["rule"])]
    ends = [*(m.start() for m in heads[1:]), len(text)]
    parts = [_pre(text[: heads[0].start()] if heads else text)]
    parts += [
        f"<section><h2>{escape(m['title'])}</h2>\n{_pre(text[m.end() : end])}</section>\n"
        for m, end in zip(heads, ends, strict=False)
    ]
    return "".join(parts)


def _pre(text: str) -> str:
    words = text.strip("\n")
    return f"<pre>{escape(words)}</pre>\n" if words.strip() else ""
