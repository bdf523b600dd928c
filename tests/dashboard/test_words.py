"""Words from outside stay words: no Markdown, and no address that a page makes a link of by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard import heading
from dashboard.words import literal

AUTOLINKS = (
    re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE),
    re.compile(r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"),
)
"""As mdast-util-gfm-autolink-literal 2.0.1 looks for them in the text that is shown."""


@pytest.mark.parametrize(
    "text",
    ["www.evil.example", "WWW.evil.example", "http://e.example", "hTTps://e.example/a?b=c", "a@b.example",
     "a+b@c.d.example", "[x](http://e.example)", "<https://e.example>", "mailto:a@b.example", "http://www.e.example"],
)  # fmt: skip
def test_no_address_becomes_a_link(text):
    """What is shown, escapes taken away, has nothing that would be found; without the joiner it is the text."""
    shown = re.sub(r"\\(.)", r"\1", literal(text))
    assert shown.replace("\u2060", "") == text
    assert [found[0] for pattern in AUTOLINKS for found in pattern.finditer(shown)] == []
    assert any(pattern.search(text) for pattern in AUTOLINKS)


def test_other_words_stay_as_they_are():
    """A handle, a version, a name."""
    for text in ("Ann Example", "v1.2.3", "@ann", "a @ b", "awww"):
        assert literal(text) == text


def test_a_page_has_one_name():
    """In the bar, above the page and among those it belongs with."""
    program = Path(heading.__file__).with_name("app.py").read_text(encoding="utf-8")
    titles = dict(re.findall(r'st\.Page\(\s*"views/(\w+)\.py", title="([^"]+)"', program))
    assert {page: titles[page] for page in heading.LABELS} == heading.LABELS
