"""Words from outside, made safe for Markdown (shown as they are, never as a picture, link or formula), and times."""

from __future__ import annotations

import re
from decimal import Decimal

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$:^=])")
_LINK = re.compile(r"(?i)(www(?=\.)|https?:/(?=/)|(?<=[-.\w+])(?=@[-\w]))")
"""What GitHub's Markdown, as the pages draw it, makes a link of also where every sign is escaped: it looks at the
text that comes out (mdast-util-gfm-autolink-literal)."""

_JOINER = "\u2060"
"""Not seen, and no break of a line: within an address it keeps it from being one."""


def literal(text: str) -> str:
    r"""Return ``text`` so that Markdown shows every character of it and nothing more.

    The bytes of a file's name that are no text, and half of a pair in a record, are shown as codes: Streamlit raises at
    either, and a page that is to say what is wrong would say nothing.

    >>> literal("![x](http://a.example/p.png)")
    '\\!\\[x\\]\\(http\\:/\u2060/a.example/p.png\\)'
    >>> literal("caf\udce9.csv")
    'caf\\\\udce9.csv'
    """
    text = text.encode("utf-8", "backslashreplace").decode()
    return _MARKUP.sub(r"\\\1", _LINK.sub(rf"\1{_JOINER}", text))


def second(at: str) -> str:
    """Return a time of the journal to the second, with its zone.

    >>> second("2026-03-02T21:05:09.123+00:00")
    '2026-03-02 21:05:09 UTC'
    """
    return f"{at[:19].replace('T', ' ')} UTC"


def day(at: str) -> str:
    """Return the day of a time of the journal.

    >>> day("2026-03-02T21:05:09+00:00")
    '2026-03-02'
    """
    return at[:10]


def change(first: str, last: str) -> str:
    """Return how far a written figure is from another, so that the three add up; empty where either is none.

    A share less a share is in points: it is no percentage of anything.

    >>> change("52.1%", "51.1%"), change("9,948", "9,973"), change("6.0 s", "11.04 s"), change("2.1", "2.1")
    ('-1.0 points', '+25', '+5.04 s', 'less than 0.1')
    >>> change("2013-02-22", "2013-03-01"), change("n/a", "0.4")
    ('', '')
    """
    figures = [match for text in (first, last) if (match := _FIGURE.fullmatch(text))]
    if len(figures) < 2:
        return ""
    before, after = (Decimal(figure[1].replace(",", "")) for figure in figures)
    unit = " points" if figures[1][2] == "%" else figures[1][2]
    apart = after - before
    return (
        f"{apart:+,}{unit}"
        if apart
        else f"less than {Decimal(1).scaleb(int(apart.as_tuple().exponent))}{unit}"
    )


_FIGURE = re.compile(r"(-?[\d,]+(?:\.\d+)?)(%| s|)")


def sentence(text: str) -> str:
    """Return ``text`` as a sentence: a capital first, a full stop last; nothing stays nothing.

    >>> sentence("rejected: AAPL is wrong"), sentence("")
    ('Rejected: AAPL is wrong.', '')
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
