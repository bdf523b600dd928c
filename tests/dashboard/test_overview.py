"""The page that the desk opens with: what needs a person, profiles, champion."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.queries.operations.profile_list import profile_list
from tests.dashboard.conftest import bodies
from tests.shared import copy_root


@pytest.fixture
def page(desk_page):
    """The landing page."""

    def show():
        return desk_page("views/overview.py")

    return show


@pytest.fixture
def told(reader):
    """Everything that the page says, as a reader sees it."""

    def say(at) -> str:
        return f"{reader.said([*at.markdown, *at.caption, *at.info, *at.success])} {reader.words(at)}"

    return say


def links(at) -> str:
    """Labels of all links, and where those in tables and pictures lead."""
    labels = [link.label for link in at.get("page_link")]
    return str(labels + re.findall(r'href="([^"]+)', " ".join(bodies(at))))


def test_an_empty_desk_offers_the_sample(page, told):
    """One button and one way on; no empty tables."""
    at = page()
    assert "Nothing has run here yet" in told(at)
    assert not at.button(key="run-sample").disabled
    assert not at.subheader
    assert not at.exception


def test_a_failed_run_stands_first_with_its_reason_and_a_link(page, fake_run, told):
    """The inbox leads to the run; what the data says is no Markdown."""
    fake_run("r1", "failed", error="clean: ![x](http://a.example/p.png)")
    at = page()
    assert at.subheader[0].value == "Needs you"
    assert "See why" in links(at)
    assert "clean: ![x](" in told(at)
    assert not any("![x](" in e.value for e in [*at.caption, *at.markdown])
    assert not at.exception
    (card,) = [body for body in bodies(at) if "line-name" in body]
    assert "badge" not in card, "that it failed stands above"
    assert links(at).count("See why") == 1, "the way there stands above, once"
    assert not [button.key for button in at.button if button.key.startswith("again-")]


def test_the_rule_that_stopped_a_run_is_said_in_plain_words(page, fake_run, told):
    """Its name in the settings is no word of a person."""
    fake_run(
        "r1",
        "failed",
        error="validate: the gate stopped the run: 1 error by rule inconsistent_ohlc; expected none",
    )
    assert "Failed in validate: impossible high or low (1 error)" in told(page())


def test_nothing_to_do_is_said(page, fake_run, told):
    """A run that goes asks for nothing, and is seen."""
    fake_run("r1", None, gone=False)
    at = page()
    assert "Nothing waits for a person" in told(at)
    assert "r1" in links(at)


@pytest.mark.slow
def test_a_finished_run_waits_for_a_decision_and_a_signature(page, prepared, desk_settings, told):
    """Each with its link; report, verdict and data of the line are there."""
    copy_root(prepared, desk_settings.data)
    at = page()
    assert "Decide" in links(at)
    assert "Read and sign" in links(at)
    assert "2020-10-26" in told(at)
    assert "behind" in told(at)
    assert re.search(r"Champion\s+none", told(at))
    state = re.search(r'class="line-name">.*?</span>.*?</span>([a-z ]+)</span>', " ".join(bodies(at)))
    assert state is not None
    (row,) = profile_list(desk_settings, datetime.now(UTC))
    assert state[1] == row.state, "the card and the page Profiles say the same of a profile"
    assert not at.exception


@pytest.mark.slow
def test_a_damaged_checkpoint_is_said_and_the_page_stands(page, prepared, desk_settings, told):
    """The rest is drawn."""
    copy_root(prepared, desk_settings.data)
    (path,) = desk_settings.data.glob("checkpoints/evaluate/*/evaluation.json")
    path.write_text("{}", encoding="utf-8")
    at = page()
    assert "evaluation.json is damaged" in told(at)
    assert "Profiles" in [heading.value for heading in at.subheader]
    assert not at.exception


def test_a_root_that_cannot_be_written_offers_nothing_to_start(page, monkeypatch):
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    assert page().button(key="run-sample").disabled


def test_a_broken_journal_is_one_message(page, desk_settings):
    """No traceback, and what to do about it."""
    desk_settings.data.mkdir(parents=True)
    Journal(desk_settings.data)
    (desk_settings.data / "journal.sqlite").write_bytes(b"not a database" * 100)
    for leftover in desk_settings.data.glob("journal.sqlite-*"):
        leftover.unlink()
    at = page()
    assert "journal" in at.error[0].value
    assert not at.exception


@pytest.mark.slow
def test_what_is_put_aside_leaves_the_inbox_with_its_reason_and_comes_back(
    page, prepared, desk_settings, told
):
    """The button asks for a reason; put aside it stands by itself, and is taken up again."""
    copy_root(prepared, desk_settings.data)
    at = page()
    buttons = [button for button in at.button if button.label == "Put aside"]
    assert len(buttons) == links(at).count("Decide") + links(at).count("Read and sign")
    buttons[-1].click().run()
    at.button(key="aside-confirm").click().run()
    assert "expected the reason" in at.error[0].value
    at.text_input(key="aside-why").input("a rehearsal")
    at.button(key="aside-confirm").click().run()
    assert not at.exception
    assert not at.error
    assert "Read and sign" not in links(at)
    assert "a rehearsal" in told(at)
    next(button for button in at.button if button.label == "Take up again").click().run()
    assert "Read and sign" in links(at)
    (_, *_, last) = Journal(desk_settings.data).records()
    assert (last.content["decision"], last.kind) == ("taken up again", "inbox")
