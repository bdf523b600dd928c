"""Signing on the Report page: sign, publish, stale, changed, submitted, refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import streamlit as st

from core.errors import CheckpointError
from core.journal import Journal
from core.review.publication import published
from tests.dashboard.report_page import AS_TEXT, present, report_key, save_as_bob, sign, standing

CONFIG = (Path(__file__).parents[2] / "luigi.cfg").read_text(encoding="utf-8")


@pytest.fixture
def page(open_view):
    """Open the page on a data root, as a new visitor: ``page(data, run=...)``."""
    return partial(open_view, "report")


@pytest.fixture
def role(tmp_path, monkeypatch):
    """Sit down as somebody else: ``role("viewer")``."""

    def change(name):
        config = tmp_path / "other.cfg"
        config.write_text(CONFIG.replace("role = approver", f"role = {name}"), encoding="utf-8")
        monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))

    return change


def test_sign_then_publish(page, finished, reader):
    """The signature covers the shown text; the folder is shown, also once revoked; the signed text can be had."""
    at = page(finished)
    assert at.get("download_button")[0].proto.label == "Download marked as draft"
    sign(at)
    assert not at.exception
    assert "Recorded: approved by local user" in reader.said(at.success)
    (record,) = Journal(finished).records()
    assert record.content["text_sha256"] == present(finished).sha256
    assert record.content["comment"] == "Open sections on purpose."
    paper = " ".join(each.proto.body for each in at.get("html"))
    assert "It is signed; what people wrote stands" in paper
    assert "</a>, and sign." not in paper, "it asks no more"
    assert at.get("download_button")[0].proto.label == "Download the signed text"
    at.button(key="publish").click().run()
    assert not at.exception
    folder = published(finished, Journal(finished), report_key(finished))
    assert folder is not None
    assert f"In `{folder}`" in [caption.value for caption in at.caption]
    assert "● Published" in reader.said(at.caption)
    at.text_area(key="comment").set_value("Wrong prices.")
    at.button(key="revoke").click().run()
    assert not at.exception
    assert "Published before; that signature no longer holds" in reader.said(at.caption)
    assert f"In `{folder}`" in [caption.value for caption in at.caption]


def test_the_signed_text_is_made_when_it_is_asked_for(page, finished, monkeypatch):
    """By records that are judged then: a page stands for hours, and rows may be put in for as long as it is drawn."""
    offers, button = {}, st.download_button

    def keep(label, data, *args, **options):
        offers[label] = data
        return button(label, data, *args, **options)

    monkeypatch.setattr(st, "download_button", keep)
    sign(page(finished))
    made = offers["Download the signed text"]
    assert made().decode().endswith(present(finished).text)
    save_as_bob(finished, present(finished).text + "Later words.\n")
    with pytest.raises(CheckpointError, match="has no signed text"):
        made()


@pytest.mark.parametrize(
    ("meaning", "comment", "answer"),
    [
        ("approved", "", "still to be written"),
        ("rejected", "", "without a comment"),
    ],
)
def test_an_incomplete_signature_is_answered_in_words(page, finished, meaning, comment, answer, reader):
    """Nothing is recorded."""
    at = sign(page(finished), meaning, comment)
    assert not at.exception
    assert answer in reader.said(at.error)
    assert Journal(finished).records() == []


def test_a_report_changed_since_it_was_opened_is_not_signed(page, finished, reader):
    """The page goes on showing what was opened, says so, and signs only after the newest was opened."""
    at = page(finished)
    opened = present(finished).text
    save_as_bob(finished, opened + "A line nobody told me about.\n")
    sign(at)
    assert not at.exception
    assert "changed since you opened it" in reader.said(at.error)
    assert Journal(finished).records() == []
    assert reader.window(at, AS_TEXT) == opened.strip()
    at.button(key="reopen").click().run()
    assert reader.window(at, AS_TEXT).endswith("A line nobody told me about.")
    sign(at)
    assert standing(finished) == "signed"


def test_a_rerun_of_the_page_does_not_move_what_is_signed(page, finished, reader):
    """Any other click between the change and Sign must not take the new text over silently."""
    at = page(finished)
    save_as_bob(finished, present(finished).text + "Unseen.\n")
    at.run()
    assert "changed since you opened it" in reader.said(at.warning)
    sign(at)
    assert "changed since you opened it" in reader.said(at.error)
    assert Journal(finished).records() == []


def test_an_edit_after_signing_makes_it_stale(page, finished, reader):
    """The page says so, hides Publish and offers to sign again."""
    sign(page(finished))
    assert standing(finished) == "signed"
    save_as_bob(finished, present(finished).text + "Later words.\n")
    at = page(finished)
    assert not at.exception
    assert "edited after it was signed" in reader.said(at.caption)
    assert "Stale" in reader.said(at.markdown)
    assert "publish" not in {button.key for button in at.button}
    assert at.get("download_button")[0].proto.label == "Download marked as draft"
    sign(at)
    assert standing(finished) == "signed"


def test_review_runs_from_submission_over_changes_to_a_signature_and_its_end(page, finished, reader):
    """Every state is shown in words; each act has its button in the states that allow it, and no other."""

    def press(key, comment):
        at = page(finished)
        at.text_area(key="comment").set_value(comment)
        at = at.button(key=key).click().run()
        assert not at.exception
        assert not at.error, reader.said(at.error)
        return page(finished)

    at = press("submit", "Sections follow tomorrow.")
    assert "In review" in reader.said(at.markdown)
    assert {"sign", "request_changes"} <= {b.key for b in at.button}
    at = press("request_changes", "Say what moved.")
    assert "Changes requested" in reader.said(at.markdown)
    assert "Say what moved." in reader.said(at.caption)
    assert "request_changes" not in {b.key for b in at.button}
    press("submit", "It did not move.")
    at = sign(page(finished))
    assert standing(finished) == "signed"
    at = press("revoke", "Wrong data.")
    assert "Revoked" in reader.said(at.markdown)
    assert "publish" not in {b.key for b in at.button}
    meanings = [r.content["meaning"] for r in Journal(finished).records()]
    assert meanings == ["authored", "changes requested", "authored", "approved", "revoked"]


def test_a_viewer_reads_and_is_refused_by_the_service(page, finished, role, reader):
    """All buttons are off; whoever lost the role after the page was drawn is refused all the same."""
    role("viewer")
    at = page(finished)
    assert at.button(key="sign").disabled
    assert at.text_area(key="edit_risks").disabled
    role("approver")
    at = page(finished)
    at.radio(key="meaning").set_value("approved").run()
    role("viewer")
    at = sign(at)
    assert not at.exception
    assert "role 'viewer'" in reader.said(at.error)
    assert Journal(finished).records() == []
    assert standing(finished) == "draft"


def test_there_is_no_box_to_type_a_name_or_role(page, finished):
    """Who signs comes from the settings."""
    at = page(finished)
    assert {area.key for area in at.text_area} == {
        "edit_context", "edit_business_implications", "edit_risks", "edit_ethical_considerations", "comment",
        "comment-text",
    }  # fmt: skip
    assert {box.key for box in at.text_input} == {"new_heading", "own_public_key"}
