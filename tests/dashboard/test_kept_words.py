"""The one place of words that nobody has yet: whose they are, what they are about, and how many of them."""

from __future__ import annotations

import pytest

from dashboard import kept_words
from dashboard.kept_words import MOST, MOST_OF_ONE, WHOLE, drop, keep, words_about


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Begin with nothing, and leave nothing behind."""
    kept_words._by_subject().clear()
    yield
    kept_words._by_subject().clear()


def test_words_stand_under_their_person_their_subject_and_their_name():
    """The newest last; what is kept anew is new, and what is dropped is that of one name alone."""
    ann, bob = ("/data", "ann", "text of r1"), ("/data", "bob", "text of r1")
    keep(ann, "first", {WHOLE: "One."})
    keep(ann, "second", {WHOLE: "Two.", "Risks": "None."})
    keep(bob, "first", {WHOLE: "Of Bob."})
    keep(ann, "first", {WHOLE: "One again."})
    assert list(words_about(ann).items()) == [
        ("second", {WHOLE: "Two.", "Risks": "None."}),
        ("first", {WHOLE: "One again."}),
    ]
    drop(ann, "first")
    drop(ann, "never there")
    assert list(words_about(ann)) == ["second"]
    assert words_about(bob) == {"first": {WHOLE: "Of Bob."}}


def test_a_text_that_was_emptied_is_kept_as_well():
    """Who takes everything out of a report has changed it."""
    keep(("/data", "ann", "text of r1"), "page", {WHOLE: ""})
    assert words_about(("/data", "ann", "text of r1")) == {"page": {WHOLE: ""}}


def test_the_oldest_goes_of_one_subject_and_of_all():
    """One person's many pages push out no other's words before there are very many of all."""
    bob = ("/data", "bob", "text of r1")
    keep(bob, "page", {WHOLE: "Of Bob."})
    ann = ("/data", "ann", "text of r1")
    for number in range(MOST_OF_ONE + 1):
        keep(ann, str(number), {WHOLE: "Words."})
    assert list(words_about(ann)) == [str(number) for number in range(1, MOST_OF_ONE + 1)]
    assert words_about(bob)
    for number in range(MOST - MOST_OF_ONE):
        keep(("/data", f"cy {number}", "text of r1"), "page", {WHOLE: "Words."})
    assert words_about(bob)
    assert len(words_about(ann)) == MOST_OF_ONE - 1  # whoever has the most of all


def test_nobody_pushes_out_what_another_person_typed():
    """Neither by many texts nor by long ones: what is too much goes at whoever types it."""
    ann = ("data", "ann", "report")
    keep(ann, "box", {WHOLE: "Long and dear."})
    for about in range(2 * MOST // MOST_OF_ONE):
        for number in range(MOST_OF_ONE):
            keep(("data", "bob", str(about)), str(number), {WHOLE: "much"})
    assert words_about(ann) == {"box": {WHOLE: "Long and dear."}}
    for number in range(4):
        keep(("data", "bob", "long"), str(number), {WHOLE: "x" * (kept_words.MOST_CHARACTERS // 3)})
    assert words_about(ann) == {"box": {WHOLE: "Long and dear."}}
    assert list(words_about(("data", "bob", "long"))) == ["2", "3"]


def test_one_text_that_is_too_long_for_all_is_the_one_that_goes():
    """Boxes of a report are filled one after the other: together they may be longer than all that is kept."""
    ann, bob = ("data", "ann", "report"), ("data", "bob", "report")
    keep(ann, "box", {WHOLE: "Long and dear."})
    keep(bob, "page", dict.fromkeys((WHOLE, "Risks", "Context"), "x" * (kept_words.MOST_CHARACTERS // 2)))
    assert words_about(ann) == {"box": {WHOLE: "Long and dear."}}
    assert not words_about(bob)
