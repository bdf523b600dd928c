"""The Report page on real data roots: text, evidence, edits, drafts; empty, damaged, two tabs."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest

from core.journal import Journal
from core.report.narrative import headings
from core.report.sections import CONTENTS
from core.review import signoff
from core.store.checkpoints import Slot, Store
from dashboard.document import anchor
from tests.dashboard.conftest import bodies
from tests.dashboard.report_page import (
    AS_TEXT,
    WHAT_CHANGED,
    can_sign,
    present,
    report_key,
    save_as_bob,
    sign,
    standing,
)


@pytest.fixture
def page(open_view):
    """Open the page on a data root, as a new visitor: ``page(data, run=...)``."""
    return partial(open_view, "report")


# ---- seeing


def test_the_page_shows_text_digest_evidence_and_who_signs(page, finished, reader):
    """Before anybody edited: the generated body, its digest, no meaning chosen."""
    at = page(finished)
    assert not at.exception
    assert not at.error
    assert reader.window(at, AS_TEXT) == present(finished).text.strip()
    digest = present(finished).sha256
    assert any(f'data-copy="{digest}"' in body and f">{digest[:6]}<" in body for body in bodies(at))
    assert "local user" in reader.said(at.caption)
    assert at.radio(key="meaning").value is None
    assert at.button(key="sign").disabled
    assert "Choose a meaning to sign." in reader.said(at.caption)
    assert can_sign(at)
    assert "draft" in reader.words(at), "in the head, and nowhere else"
    assert "Draft" not in reader.said(at.markdown)
    assert at.text_area(key="edit_risks").placeholder.startswith("What could go wrong")
    assert f"Report {report_key(finished)[:-6]}" in " ".join(reader.words(at).split()), "among the evidence"
    assert len(reader.table(at, "File", "Digest")) == len(
        signoff.subjects(Store(finished), report_key(finished))
    )


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
    assert "PRICE REPORT" not in reader.words(at)


def test_damage_below_the_report_is_said_and_refuses_a_signature(page, finished, lookers, reader):
    """The text is there to read, the evidence is not, and signing names the file."""
    path = lookers.folder_of(finished, "evaluate") / "evaluation.json"
    path.write_bytes(path.read_bytes() + b" ")
    at = page(finished)
    assert reader.window(at, AS_TEXT) == present(finished).text.strip()
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
    assert "Saved as draft 1." in reader.said(at.caption)
    (draft,) = Journal(finished).drafts(report_key(finished))
    assert "Risks\n-----\nThin trading.\n" in draft.text
    assert draft.author == "local user"
    again = page(finished)
    assert again.text_area(key="edit_risks").value == "Thin trading."
    assert reader.window(again, AS_TEXT) == draft.text.strip()
    assert can_sign(again)


def test_a_box_that_is_refused_keeps_its_words_until_they_are_mended(page, finished, reader):
    """Also in another tab and after a reload; nothing is signed without them, and once mended nothing comes back."""
    heading = "Risks\n-----\nNone."
    at = page(finished)
    at.text_area(key="edit_context").set_value(heading).run()
    assert "heading" in reader.said(at.error)
    assert not can_sign(at)
    at.session_state["text_tabs"] = "Edit text"
    at.run()
    at.session_state["text_tabs"] = "Document"
    at.run()
    assert at.text_area(key="edit_context").value == heading
    again = page(finished)
    assert again.text_area(key="edit_context").value == heading
    assert not can_sign(again)
    again.text_area(key="edit_context").set_value("").run()
    assert not reader.said(again.error)
    assert can_sign(again)
    assert page(finished).text_area(key="edit_context").value == ""
    assert Journal(finished).drafts(report_key(finished)) == []


def test_all_four_sections_and_the_diff(page, finished, reader):
    """What was written stands in the diff against the generated text."""
    at = page(finished)
    for key in ("context", "business_implications", "risks", "ethical_considerations"):
        at.text_area(key=f"edit_{key}").set_value(f"About {key}.").run()
    diff = reader.window(at, WHAT_CHANGED)
    assert "+About ethical_considerations." in diff.splitlines()
    assert "Still to be written" not in reader.words(at)
    assert len(Journal(finished).drafts(report_key(finished))) == 4


def test_a_section_can_be_added_and_must_be_written(page, finished, reader):
    """It stands before the appendix, has a box of its own, and is among what is still to be written."""
    at = page(finished)
    at.text_input(key="new_heading").set_value("Liquidity")
    at.button(key="add_section").click().run()
    assert not at.exception
    assert "Liquidity" in reader.words(at).partition("Still to be written")[2]
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
    at.session_state["text_tabs"] = "Edit text"
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
    assert can_sign(at)


def test_two_tabs_lose_nothing_and_say_so(page, finished, reader):
    """The slower tab is told, keeps its words over a reload, and saves them as well when told to."""
    slow = page(finished)
    fast = page(finished)
    fast.text_area(key="edit_risks").set_value("From the fast tab.").run()
    slow.text_area(key="edit_context").set_value("From the slow tab.").run()
    assert "saved draft 1" in reader.said(slow.error)
    assert "From the slow tab." not in present(finished).text
    assert "+From the slow tab." in reader.window(slow, "From their draft to your text").splitlines()
    assert not can_sign(slow)

    again = page(finished)
    assert again.text_area(key="edit_context").value == "From the slow tab."
    slow.button(key="save_beside").click().run()
    assert "Saved as draft 2. Draft 1 of local user is kept" in reader.said(slow.caption)
    drafts = Journal(finished).drafts(report_key(finished))
    assert ["From the slow tab." in d.text for d in drafts] == [True, False]
    assert ["From the fast tab." in d.text for d in drafts] == [False, True]


def test_the_slower_tab_can_take_the_other_text(page, finished, reader):
    """Its own words are given up on request only."""
    slow = page(finished)
    save_as_bob(finished, present(finished).text + "Bob was here.\n")
    slow.text_area(key="edit_context").set_value("Never mind.").run()
    slow.button(key="discard").click().run()
    assert reader.window(slow, AS_TEXT).endswith("Bob was here.")
    assert slow.text_area(key="edit_context").value == ""
    assert page(finished).text_area(key="edit_context").value == ""
    assert len(Journal(finished).drafts(report_key(finished))) == 1


def test_the_text_is_compared_with_the_last_signed_report(page, finished, reader):
    """Not only with the generated one: the reader sees what is new since somebody signed."""
    sign(page(finished))
    save_as_bob(finished, present(finished).text + "New since the signature.\n")
    at = page(finished)
    at.segmented_control(key="against").set_value("The last signed report").run()
    diff = reader.window(at, WHAT_CHANGED)
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
    assert list(reader.table(at, "Draft")["Draft"]) == ["2", "1"]
    assert set(reader.table(at, "Draft")["Author"]) == {"Bob"}
    at.selectbox(key="draft_number").select(1)
    at.button(key="open_draft").click().run()
    assert "Saved as draft 3. It is draft 1 again." in reader.said(at.caption)
    assert present(finished).text == text + "First.\n"
    assert len(Journal(finished).drafts(report_key(finished))) == 3


def test_words_with_markup_are_shown_as_text(page, finished, reader):
    """No picture, no script, no link comes out of a draft or a comment."""
    nasty = "<script>alert(1)</script> ![x](http://a.example/x.png)"
    save_as_bob(finished, present(finished).text + nasty + "\n")
    at = page(finished)
    assert nasty in reader.window(at, AS_TEXT)
    sign(at, "rejected", nasty)
    assert not at.exception
    assert all(nasty not in element.value for element in (*at.markdown, *at.caption, *at.error, *at.success))


# ---- the document


def test_the_report_is_a_document_with_contents_and_pictures(page, finished, reader):
    """Every section of the text is in the list of contents and on the page; drawings are pictures with words."""
    at = page(finished)
    markup = " ".join(each.proto.body for each in at.get("html"))
    for title, _ in headings(present(finished).text):
        if title != CONTENTS:
            assert f'href="#{anchor(title)}"' in markup, title
            assert f'id="{anchor(title)}"' in markup, title
    page_html = Store(finished).read(Slot("report", report_key(finished)), "report.html").decode()
    drawn = re.findall(r'<img src="data:image/svg[^>]*alt="([^"]+)"', markup)
    # the drawing of money is there twice, as a phone shows a narrow one; that of the AUC once, below the decision
    assert len(drawn) == page_html.count("<svg ") > 1
    assert drawn.count("What one unit of money became") == 2
    assert markup.count('class="on-phone"') == 1
    paper = " ".join(e.proto.body for e in at.get("html") if 'class="report-page"' in e.proto.body)
    assert '<bdi class="unbroken">2020-10-26</bdi>' in paper, "a date is broken behind its hyphens"
    assert "<svg" not in markup, "Streamlit would take it out"


def test_a_generated_section_that_was_changed_is_shown_as_its_text(page, finished, reader):
    """The page's tables and pictures would say what the report no longer says."""
    text = present(finished).text
    changed = next(line for line in text.splitlines() if line.startswith("AUC"))
    save_as_bob(finished, text.replace(changed, "AUC is what I say.", 1))
    words = reader.words(page(finished))
    assert "Changed by hand: the text as it stands." in words
    assert "AUC is what I say." in words


def test_a_comment_stands_beside_its_section_on_record_and_changes_no_state(page, finished, reader):
    """Who said what to which section of which text; an empty one is refused."""
    at = page(finished)
    before = standing(finished)
    at.selectbox(key="comment-section").set_value("Risks")
    at.text_area(key="comment-text").set_value("Say <b>something</b> about volume.")
    at.button(key="add_comment").click().run()
    assert not at.exception
    (record,) = Journal(finished).records()
    assert (record.kind, record.subject) == ("comment", report_key(finished))
    assert record.content["section"] == "Risks"
    assert record.content["text_sha256"] == present(finished).sha256
    assert "Say <b>something</b> about volume." in reader.words(page(finished))
    assert standing(finished) == before == "draft"
    at.button(key="add_comment").click().run()
    assert "0 characters" in reader.said(at.error)
    assert len(Journal(finished).records()) == 1


def test_the_reports_of_the_profile_are_listed_by_state(page, finished, reader):
    """How many in each state, and the one that is open."""
    at = page(finished)
    assert "1 draft" in at.expander[0].label
    table = reader.table(at, "Session", "State", "Verdict")
    assert list(table["Report"]) == [report_key(finished)[:-6]]
    assert "(open)" in reader.words(at)
