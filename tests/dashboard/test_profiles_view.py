"""The page Profiles: every profile in a row, with a link to its newest report; what is chosen alone is shown."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.queries.operations.profile_list import last_signed
from core.review import signoff
from core.review.people import local_person
from core.store.checkpoints import Store
from tests.shared import copy_root


@pytest.fixture
def page(desk_page):
    """The page."""

    def show():
        return desk_page("views/profiles.py")

    return show


def markup(at) -> str:
    """All that is drawn as HTML."""
    return "".join(element.proto.body for element in at.get("html"))


def test_an_empty_desk_says_how_a_profile_comes_to_be(page):
    """No empty table."""
    at = page()
    assert "There is no profile yet" in at.info[0].value
    assert not at.exception


@pytest.mark.slow
def test_each_profile_has_a_row(page, prepared, desk_settings, reader):
    """What it reads, how it runs, its report and verdict, and one thing to do."""
    copy_root(prepared, desk_settings.data)
    at = page()
    words = reader.words(at)
    assert "2020-10-26" in words
    assert "draft" in words
    assert "Automatic" in words
    assert "no schedule" in words
    assert "all tickers" in words
    assert "Read and sign" in words
    assert "never" in words, "nothing of it was signed"
    assert 'href="report?run=' in markup(at)
    assert not at.exception
    assert "1 profile" in " ".join(caption.value for caption in at.caption)
    assert not at.get("button_group"), "of so few nothing is chosen"


def test_many_profiles_are_filtered_by_state(page, fake_run, reader):
    """What is chosen alone is shown; of one without a report the next step leads to its runs."""
    for number in range(6):
        fake_run(
            f"r{number}",
            "failed" if number else None,
            request={"source": "files", "path": f"/p/{number}.csv"},
        )
    at = page()
    assert "6 profiles, the most urgent first." in reader.said(at.caption)
    assert reader.words(at).count("See its runs") + reader.words(at).count("See why it failed") == 6
    states = reader.badges(at)
    assert len(set(states)) == 2
    at.button_group(key="profiles-state").set_value([states[0]]).run()
    assert reader.badges(at) == [each for each in states if each == states[0]]
    assert not at.exception


@pytest.mark.slow
def test_the_day_of_the_last_signature_is_that_of_one_that_stayed(prepared, desk_settings):
    """Signed: its day. Revoked: as if it had not been."""
    copy_root(prepared, desk_settings.data)
    journal, person = Journal(desk_settings.data), local_person(desk_settings)
    (key,) = (folder.name for folder in (desk_settings.data / "checkpoints" / "report").iterdir())
    assert last_signed(desk_settings) == {}
    shown = signoff.signable(Store(desk_settings.data), journal, key).sha256
    record = signoff.sign(
        desk_settings, journal, key, text_sha256=shown, person=person, meaning="approved", comment="As it is.",
    )  # fmt: skip
    assert last_signed(desk_settings) == {"files:prices": record.content["at_utc"][:10]}
    signoff.revoke(desk_settings, journal, key, person=person, comment="A wrong sentence.")
    assert last_signed(desk_settings) == {}
