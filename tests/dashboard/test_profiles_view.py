"""The page Profiles: every profile in a row, with what it sets; its settings are changed, and new ones made, here."""

from __future__ import annotations

import pytest

from core.upkeep import profile_section
from tests.shared import copy_root


@pytest.fixture
def page(desk_page):
    """The page."""

    def show(**address):
        return desk_page("views/profiles.py", **address)

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
    """What it reads, how it runs, what it sets, and one thing to do: how its report stands is on Today."""
    copy_root(prepared, desk_settings.data)
    at = page()
    words = reader.words(at)
    assert "draft" not in words
    assert "Automatic" in words
    assert "no schedule" in words
    assert "all tickers" in words
    assert "Read and sign" in words
    assert "Save in luigi.cfg" in words, "it has no section"
    assert 'href="report?run=' in markup(at)
    assert not at.exception
    assert "1 profile" in " ".join(caption.value for caption in at.caption)
    assert not at.get("button_group"), "of so few nothing is chosen"


MINE = "[profile:mine]\nsource = files\npath = a.csv\nreview_signatures = 2\nseed = 3\n"


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A luigi.cfg with one profile."""
    path = tmp_path / "luigi.cfg"
    path.write_text(MINE)
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(path))
    return path


def test_the_settings_of_a_profile_are_seen_and_changed(page, config, reader):
    """Its section is what the form begins with; what is saved is there, and the rest of the section as it was."""
    words = reader.words(page())
    assert "Seed of training 3 · Review signatures 2" in words
    assert 'href="profiles?edit=mine"' in markup(page())
    assert 'href="start?of=mine"' in markup(page()), "it has not run yet"
    at = page(edit="mine")
    assert at.text_input(key="profile-path").value == "a.csv"
    assert at.text_area(key="profile-further").value == "seed = 3"
    assert "Set in luigi.cfg alone, and kept: review_signatures" in reader.said(at.caption)
    at.text_area(key="profile-further").set_value("seed = 4\nmin_rows").run()
    assert "'min_rows' sets nothing" in reader.said(at.error).replace("\\", "")
    at.text_area(key="profile-further").set_value("seed = 4\nmin_rows = 60").run()
    at.text_input(key="profile-horizon_sessions").set_value("5")
    at.button(key="profile-save").click().run()
    assert not at.exception
    assert (
        config.read_text() == f"{MINE.replace('seed = 3', 'seed = 4')}horizon_sessions = 5\nmin_rows = 60\n"
    )
    assert "mine is saved" in reader.said(at.toast)
    assert "Seed of training 4" in reader.words(at), "the table is looked up anew"
    assert "profile-save" not in {button.key for button in at.button}


def test_a_new_profile_begins_as_another_and_is_asked_for_a_name_of_its_own(page, config, reader):
    """A name that is taken is refused, and what was typed stays."""
    at = page(like="mine")
    assert at.button(key="profile-save").disabled
    at.text_input(key="profile-name").set_value("mine").run()
    at.button(key="profile-save").click().run()
    assert "there is a profile mine already" in reader.said(at.error)
    at.text_input(key="profile-name").set_value("second").run()
    at.selectbox(key="profile-source").set_value("yahoo").run()
    at.text_input(key="profile-tickers").set_value("MSFT").run()
    at.button(key="profile-save").click().run()
    assert config.read_text() == f"{MINE}\n[profile:second]\nsource = yahoo\ntickers = MSFT\nseed = 3\n", (
        "no path"
    )


def test_where_people_log_in_the_section_is_shown_and_not_written(page, config, monkeypatch, reader):
    """Whoever keeps the file gets the text from the one who wants it."""
    monkeypatch.setattr(profile_section, "why_not", lambda settings: "People log in here.")
    at = page(edit="mine")
    assert "profile-save" not in {button.key for button in at.button}
    assert at.code[0].value == "[profile:mine]\nsource = files\npath = a.csv\nseed = 3"


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
