"""Text as it stands: every character is shown, none is markup."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from dashboard.monospaced import markup


class Seen(HTMLParser):
    """What a browser finds: tags, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@given(st.text())
def test_no_character_is_lost_and_none_opens_a_tag(text):
    """Whatever a log holds."""
    seen = Seen()
    seen.feed(markup(text))
    assert seen.tags == ["pre"]
    assert seen.text == text
