"""Text as it stands in letters of one width, without the code block's highlighter.

That is 1.5 MB of JavaScript, fetched and parsed again for each page, and run over the whole text on every
refresh: it doubled the time of a page with a log (docs/performance.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from core.queries.runs.log_lines import LogLine
from core.queries.runs.log_search import LogExcerpt
from core.queries.runs.progress import in_plain_words

_STYLE = "margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:0.8rem;line-height:1.5"


def lines(text: str) -> None:
    """Draw ``text`` as it stands; nothing in it is markup."""
    st.html(markup(text))


def markup(text: str) -> str:
    """Return the HTML of ``text``: every character of it is shown and none is a tag.

    >>> markup("<b> & 'x'").partition(">")[2]
    '&lt;b&gt; &amp; &#x27;x&#x27;</pre>'
    """
    return f'<pre style="{_STYLE}">{_DATE.sub(_unbroken, escape(text))}</pre>'


def table_lines(lines: Sequence[str]) -> str:
    """Return lines of a table as they stand, none broken: what is too long is scrolled to, also by keyboard; a phone
    breaks them behind a comma.

    >>> 'white-space:pre;' in table_lines(["a,b"]), 'tabindex="0"' in table_lines(["a,b"])
    (True, True)
    """
    style = _STYLE.replace("pre-wrap;overflow-wrap:anywhere", "pre;overflow-x:auto")
    text = _DATE.sub(_unbroken, escape("\n".join(lines))).replace(",", ",<wbr>")
    return f'<pre style="{style}" tabindex="0" role="region" aria-label="Lines of the file">{text}</pre>'


def _unbroken(match: re.Match[str]) -> str:
    return f'<span class="unbroken">{match[0]}</span>'


_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
"""Browsers break a line behind a hyphen."""


def log(excerpt: LogExcerpt) -> None:
    """Draw lines of a log: time, stage and sentence in columns; on a phone a sentence goes on below its beginning."""
    head = f'<div class="quiet">({escape(excerpt.left_out)})</div>' if excerpt.left_out else ""
    st.html(f'<div class="log-lines">{head}{"".join(map(log_line, excerpt.lines))}</div>')


def log_line(line: LogLine) -> str:
    """Return one line of a log as HTML; its text read out or copied has a space between its parts.

    >>> log_line(LogLine("08:34:09", "error", "clean", "by rule wrong_type"))
    '<div class="error"><span>08:34:09</span> <span>clean</span> <span>ERROR: by rule wrong type</span></div>'
    """
    level = "" if line.level == "info" else f"{line.level.upper()}: "
    stage, message = line.stage.replace("_", " "), in_plain_words(line.message)
    spans = " ".join(f"<span>{escape(part)}</span>" for part in (line.time, stage, level + message))
    return f'<div class="{escape(line.level)}">{spans}</div>'


def scroller(text: str, *, label: str, height_px: int, diff: bool = False) -> None:
    """Draw a long text in a window of its own that a keyboard reaches and a screen reader names.

    ``diff``: the text is a unified diff; lines that were added and taken away have a colour beside their sign.
    """
    content = _coloured(text) if diff else escape(text)
    st.html(
        f'<div class="scroller" role="region" aria-label="{escape(label)}" tabindex="0" '
        f'style="max-height:{height_px}px"><pre style="{_STYLE}">{content}</pre></div>'
    )


def _coloured(diff: str) -> str:
    return "\n".join(_line(line) for line in diff.splitlines())


def _line(line: str) -> str:
    """Return a line of a diff as HTML.

    >>> _line("+a < b"), _line(" same")
    ('<ins>+a &lt; b</ins>', ' same')
    """
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    return f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line)
