"""Words that could not be saved are kept: whatever another page of the same person saves, and when the login ended."""

from __future__ import annotations

from functools import partial

import pytest

from core.errors import SettingsError
from core.journal import Journal
from tests.dashboard.report_page import present, report_key, save_as_bob


@pytest.fixture
def page(open_view):
    """Open the page on a data root, as a new visitor: ``page(data)``."""
    return partial(open_view, "report")


def risks(at):
    """What stands in the box of the risks."""
    return at.text_area(key="edit_risks").value


def test_words_that_another_page_could_not_save_outlive_what_this_one_saves(page, finished):
    """One local user is everybody who comes to a desk without a login."""
    first, second = page(finished), page(finished)
    second.text_area(key="edit_context").set_value("Two writes context.").run()
    first.text_area(key="edit_risks").set_value("Long and dear.").run()
    assert [draft.number for draft in Journal(finished).drafts(report_key(finished))] == [1]
    second.text_area(key="edit_context").set_value("Two writes context again.").run()
    assert risks(page(finished)) == "Long and dear."


def test_each_page_has_a_copy_of_its_own(page, finished):
    """Two that were both too slow: one comes back after the other."""
    first, second = page(finished), page(finished)
    save_as_bob(finished, present(finished).text + "Bob was faster.\n")
    first.text_area(key="edit_risks").set_value("Of the first.").run()
    second.text_area(key="edit_risks").set_value("Of the second.").run()
    again = page(finished)
    assert risks(again) == "Of the second."
    again.button(key="discard").click().run()
    assert risks(page(finished)) == "Of the first."


def test_words_typed_after_the_login_ended_are_there_after_logging_in(page, finished, monkeypatch):
    """The page says to load it anew, which ends the session that had them."""
    from dashboard import login

    at, own = page(finished), login.person

    def nobody(_):
        raise SettingsError("nobody is logged in", expected="a login")

    monkeypatch.setattr(login, "person", nobody)
    at.text_area(key="edit_risks").set_value("After half a day.").run()
    monkeypatch.setattr(login, "person", own)
    assert present(finished).draft is None
    assert risks(page(finished)) == "After half a day."


ACTS = {"comment": "sign", "comment-text": "add_comment"}
"""Box -> the button of its form."""


@pytest.mark.parametrize("box", ACTS)
def test_a_comment_that_was_refused_is_there_after_logging_in(page, finished, monkeypatch, box):
    """Up to ten thousand characters, typed while the login ran out; once it is on record it comes back no more."""
    from dashboard import login

    at, own = page(finished), login.person

    def nobody(_):
        raise SettingsError("nobody is logged in", expected="a login")

    if box == "comment":
        at.radio(key="meaning").set_value("approved").run()
    monkeypatch.setattr(login, "person", nobody)
    at.text_area(key=box).set_value("The split of Tuesday is wrong.")
    at.button(key=ACTS[box]).click().run()
    monkeypatch.setattr(login, "person", own)
    again = page(finished)
    assert again.text_area(key=box).value == "The split of Tuesday is wrong."
    if box == "comment":
        again.radio(key="meaning").set_value("approved").run()
    again.button(key=ACTS[box]).click().run()
    assert any(r.content["comment"].startswith("The split") for r in Journal(finished).records())
    assert not page(finished).text_area(key=box).value
