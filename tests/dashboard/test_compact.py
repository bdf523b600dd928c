"""Words, badges and boxes as one element: every character is shown, none is markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import compact, side_by_side


class Seen(HTMLParser):
    """What a browser finds: tags, and the text between them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.classes: list[str | None] = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.classes.append(dict(attrs).get("class"))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(("draw", "tag"), [(compact.quiet, "span"), (compact.strong, "strong")])
@given(text=st.text())
def test_no_character_is_lost_and_none_opens_a_tag(draw, tag, text):
    """Whatever a person, a file or an error is called."""
    seen = Seen(draw(text))
    assert seen.tags == [tag]
    assert seen.text == text


def test_a_state_is_a_word_and_a_sign_that_is_not_read_aloud():
    """Colour is never alone; a state that nobody knows is shown all the same."""
    assert Seen(compact.badge("failed")).text == "errorfailed"
    assert 'aria-hidden="true"' in compact.badge("failed")
    assert Seen(compact.badge("<b>")).text == "help<b>"


def test_a_box_is_found_by_its_key_and_its_key_cannot_leave_it():
    """As a container's is; a quote in it opens nothing."""
    seen = Seen(compact.box('stage-"><b>', [compact.strong("clean")]))
    assert seen.classes[0] == 'st-key-stage-"><b>'
    assert seen.text == "clean"


def test_a_run_of_two_that_are_compared_is_named_in_full_and_its_name_cannot_leave_that():
    """Whoever may write the journal gives a run any name."""
    name = '"><b>'
    seen = Seen(side_by_side._run_link(name))
    assert seen.tags == ["span", "a"]
    assert seen.text == f"Run {name}"


def test_a_picture_has_its_words_and_they_cannot_leave_them():
    seen = Seen(compact.picture("<svg/>", 'a "failed" <b>'))
    assert seen.tags == ["img"]
