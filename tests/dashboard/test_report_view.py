"""The Report page on real data roots: edit, drafts, sign, publish; empty, damaged, stale, changed, refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.journal import Journal
from core.review import signoff
from core.review.people import Person
from core.review.publication import published
from core.store.checkpoints import Store

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

CONFIG = (Path(__file__).parents[2] / "luigi.cfg").read_text(encoding="utf-8")

BOB = Person("local:bob", "Bob", "operator")


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


def report_key(data) -> str:
    (folder,) = (data / "checkpoints" / "report").iterdir()
    return folder.name


def present(data):
    return signoff.signable(Store(data), Journal(data), report_key(data))


def standing(data) -> str:
    return signoff.standing(Store(data), Journal(data), report_key(data)).state


def save_as_bob(data, text) -> None:
    signoff.save_draft(Store(data), Journal(data), report_key(data), text, person=BOB)


def sign(at, meaning="approved", comment="Open sections on purpose.") -> AppTest:
    at.radio(key="meaning").set_value(meaning)
    at.text_area(key="comment").set_value(comment)
    return at.button(key="sign").click().run()


# ---- seeing


def test_the_page_shows_text_digest_evidence_and_who_signs(page, finished, reader):
    """Before anybody edited: the generated body, its digest, no meaning chosen."""
    at = page(finished)
    assert not at.exception
    assert not at.error
    assert at.code[0].value == present(finished).text.strip()
    assert present(finished).sha256[:12] in reader.said(at.caption)
    assert "local user" in reader.said(at.caption)
    assert at.radio(key="meaning").value is None
    assert "Draft, not signed" in reader.said(at.markdown)
    assert len(reader.table(at, "File")) == len(signoff.subjects(Store(finished), report_key(finished)))


def test_an_empty_data_root_says_what_to_press(page, data):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in at.info[0].value
    assert not data.exists()


def test_a_queued_run_has_no_report_yet(page, finished):
    """The page of that run says so, although another run has one."""
    Journal(finished).add_run("waiting-1", who="ann", how="desk", request={}, target="report", state="queued")
    at = page(finished, run="waiting-1")
    assert not at.exception
    assert at.info


@pytest.mark.parametrize("name", ["report.txt", "meta.json"])
def test_a_damaged_report_is_said(page, finished, lookers, name, reader):
    """No text is shown that is not what was committed."""
    path = lookers.folder_of(finished, "report") / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    at = page(finished)
    assert not at.exception
    assert "report" in reader.said(at.error)
    assert not at.code


def test_damage_below_the_report_is_said_and_refuses_a_signature(page, finished, lookers, reader):
    """The text is there to read, the evidence is not, and signing names the file."""
    path = lookers.folder_of(finished, "evaluate") / "evaluation.json"
    path.write_bytes(path.read_bytes() + b" ")
    at = page(finished)
    assert at.code[0].value == present(finished).text.strip()
    assert "evaluation.json" in reader.said(at.error)
    sign(at)
    assert not at.exception
    assert Journal(finished).records() == []
    assert standing(finished) == "draft"


# ---- editing


def test_a_section_is_saved_as_the_box_is_left_and_survives_a_reload(page, finished, reader):
    """The draft is on the server: another visitor, or the same one later, sees it."""
    at = page(finished)
    at.text_area(key="edit_risks").set_value("Thin trading.").run()
    assert "Saved as draft 1." in reader.said(at.success)
    (draft,) = Journal(finished).drafts(report_key(finished))
    assert "Risks\n-----\nThin trading.\n" in draft.text
    assert draft.author == "local user"
    again = page(finished)
    assert again.text_area(key="edit_risks").value == "Thin trading."
    assert again.code[0].value == draft.text.strip()
    assert not again.button(key="sign").disabled


def test_all_four_sections_and_the_diff(page, finished, reader):
    """What was written stands in the diff against the generated text."""
    at = page(finished)
    for key in ("context", "business_implications", "risks", "ethical_considerations"):
        at.text_area(key=f"edit_{key}").set_value(f"About {key}.").run()
    diff = next(code.value for code in at.code if code.language == "diff")
    assert "+About ethical_considerations." in diff.splitlines()
    assert "Still to be written" not in reader.said(at.caption)
    assert len(Journal(finished).drafts(report_key(finished))) == 4


def test_a_section_can_be_added_and_must_be_written(page, finished, reader):
    """It stands before the appendix, has a box of its own, and is among what is still to be written."""
    at = page(finished)
    at.text_input(key="new_heading").set_value("Liquidity")
    at.button(key="add_section").click().run()
    assert not at.exception
    assert "Liquidity" in reader.said(at.caption)
    at.text_area(key="edit_liquidity").set_value("Thin on Fridays.").run()
    text = present(finished).text
    assert text.index("Ethical considerations\n") < text.index("Liquidity\n---------\nThin on Fridays.\n")
    assert text.index("Thin on Fridays.") < text.index("Appendix")
    at.text_input(key="new_heading").set_value("Risks")
    at.button(key="add_section").click().run()
    assert "already" in reader.said(at.error)


def test_the_whole_text_can_be_edited_and_keeps_what_sections_hold(page, finished, reader):
    """Changing the tab takes the words along; a changed line of the generated part is shown as such."""
    at = page(finished)
    at.text_area(key="edit_context").set_value("A quiet week.").run()
    at.session_state["edit_mode"] = "Whole text"
    at.run()
    whole = at.text_area(key="edit_whole").value
    assert "Context\n-------\nA quiet week.\n" in whole
    at.text_area(key="edit_whole").set_value(whole.replace("DAILY EQUITY-PRICE REPORT", "WEEKLY WORDS")).run()
    assert not at.exception
    assert present(finished).text.startswith("WEEKLY WORDS\n")
    assert "A quiet week." in present(finished).text
    changed = reader.table(at, "What", "Generated", "Now")
    assert list(changed["What"]) == ["○ words"]
    assert list(changed["Now"]) == ["WEEKLY WORDS"]


def test_a_changed_figure_is_shown_and_recorded_with_the_signature(page, finished, lookers, reader):
    """Whoever signs a changed figure is on record for it, with what the pipeline had written."""
    body = json.loads((lookers.folder_of(finished, "evaluate") / "evaluation.json").read_bytes())
    rows = f"{body['rows']:,}"
    text = present(finished).text
    save_as_bob(
        finished, text.replace(f"Rows judged              {rows}", "Rows judged              99,999", 1)
    )
    assert present(finished).text != text, "the line is there to be changed"
    at = page(finished)
    assert list(reader.table(at, "What", "Generated", "Now")["What"]) == ["■ figure"]
    sign(at)
    (record,) = Journal(finished).records()
    (edit,) = record.content["edits"]
    assert edit["figure"] is True
    assert rows in edit["before"]
    assert "99,999" in edit["after"]


def test_a_number_that_the_evaluation_does_not_have_is_pointed_out(page, finished, reader):
    """Beside what it has; nothing is stopped by it."""
    at = page(finished)
    at.text_area(key="edit_context").set_value("The AUC of 0.913 speaks for itself.").run()
    assert "AUC of 0.913" in reader.said(at.warning)
    assert not at.button(key="sign").disabled


def test_two_tabs_lose_nothing_and_say_so(page, finished, reader):
    """The slower tab is told, keeps its words over a reload, and saves them as well when told to."""
    slow = page(finished)
    fast = page(finished)
    fast.text_area(key="edit_risks").set_value("From the fast tab.").run()
    slow.text_area(key="edit_context").set_value("From the slow tab.").run()
    assert "saved draft 1" in reader.said(slow.error)
    assert "From the slow tab." not in present(finished).text
    assert "+From the slow tab." in next(c.value for c in slow.code if c.language == "diff").splitlines()
    assert slow.button(key="sign").disabled

    again = page(finished)
    assert again.text_area(key="edit_context").value == "From the slow tab."
    slow.button(key="save_beside").click().run()
    assert "Saved as draft 2. Draft 1 of local user is kept" in reader.said(slow.success)
    drafts = Journal(finished).drafts(report_key(finished))
    assert ["From the slow tab." in d.text for d in drafts] == [True, False]
    assert ["From the fast tab." in d.text for d in drafts] == [False, True]


def test_the_slower_tab_can_take_the_other_text(page, finished):
    """Its own words are given up on request only."""
    slow = page(finished)
    save_as_bob(finished, present(finished).text + "Bob was here.\n")
    slow.text_area(key="edit_context").set_value("Never mind.").run()
    slow.button(key="discard").click().run()
    assert slow.code[0].value.endswith("Bob was here.")
    assert slow.text_area(key="edit_context").value == ""
    assert page(finished).text_area(key="edit_context").value == ""
    assert len(Journal(finished).drafts(report_key(finished))) == 1


def test_the_text_is_compared_with_the_last_signed_report(page, finished):
    """Not only with the generated one: the reader sees what is new since somebody signed."""
    sign(page(finished))
    save_as_bob(finished, present(finished).text + "New since the signature.\n")
    at = page(finished)
    at.segmented_control(key="against").set_value("The last signed report").run()
    diff = next(code.value for code in at.code if code.language == "diff")
    added = [line for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert added == ["+New since the signature."]


def test_a_heading_typed_into_a_section_is_refused_in_words(page, finished, reader):
    """Nothing is saved of it."""
    at = page(finished)
    at.text_area(key="edit_context").set_value("Risks\n-----\nNone.").run()
    assert "heading" in reader.said(at.error)
    assert not at.exception


def test_an_older_draft_can_be_opened_and_saved_as_the_newest(page, finished, reader):
    """Drafts are listed with number and author; going back adds a draft and removes none."""
    text = present(finished).text
    save_as_bob(finished, text + "First.\n")
    save_as_bob(finished, text + "Second.\n")
    at = page(finished)
    assert list(reader.table(at, "Draft")["Draft"]) == [2, 1]
    assert set(reader.table(at, "Draft")["Author"]) == {"Bob"}
    at.selectbox(key="draft_number").select(1)
    at.button(key="open_draft").click().run()
    assert "Saved as draft 3. It is draft 1 again." in reader.said(at.success)
    assert present(finished).text == text + "First.\n"
    assert len(Journal(finished).drafts(report_key(finished))) == 3


def test_words_with_markup_are_shown_as_text(page, finished):
    """No picture, no script, no link comes out of a draft or a comment."""
    nasty = "<script>alert(1)</script> ![x](http://a.example/x.png)"
    save_as_bob(finished, present(finished).text + nasty + "\n")
    at = page(finished)
    assert nasty in at.code[0].value
    sign(at, "rejected", nasty)
    assert not at.exception
    assert all(nasty not in element.value for element in (*at.markdown, *at.caption, *at.error, *at.success))


# ---- signing


def test_sign_then_publish(page, finished, reader):
    """The signature covers the shown text; the folder is shown; the download is the signed document."""
    at = page(finished)
    assert at.get("download_button")[0].proto.label == "Download marked as draft"
    sign(at)
    assert not at.exception
    assert "Recorded: approved by local user" in reader.said(at.success)
    (record,) = Journal(finished).records()
    assert record.content["text_sha256"] == present(finished).sha256
    assert record.content["comment"] == "Open sections on purpose."
    assert at.get("download_button")[0].proto.label == "Download the signed text"
    at.button(key="publish").click().run()
    assert not at.exception
    folder = published(finished, Journal(finished), report_key(finished))
    assert folder is not None
    assert str(folder) in {code.value for code in at.code}


@pytest.mark.parametrize(
    ("meaning", "comment", "answer"),
    [
        (None, "x", "meaning"),
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
    assert at.code[0].value == opened.strip()
    at.button(key="reopen").click().run()
    assert at.code[0].value.endswith("A line nobody told me about.")
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
    }  # fmt: skip
    assert {box.key for box in at.text_input} == {"new_heading"}
