"""The signed forms: one sheet first, with pictures and who signed, then the signature whole and the text."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from core.report.as_pdf import pdf_of
from core.report.as_signed_page import signed_page
from core.report.narrative import body_of
from core.report.page_one import pictures
from tests.browser.test_first_page import worst
from tests.report.bodies import scored_body, trained_body

FACTS = [
    ("Signed by", "Ann (approver, independent review)"), ("Known by", "local login"), ("Meaning", "approved"),
    ("Time", "2026-01-02T10:00:00+00:00 (UTC)"), ("Comment", "first\nsecond\n" * 20), ("Chain head", "ab" * 32),
]  # fmt: skip


@pytest.mark.parametrize("make", [trained_body, scored_body, worst])
def test_the_first_sheet_of_the_pdf_is_the_first_page(make, rendered):
    """Who signed, all text up to the reviewer's headings, and each picture's words; the signature is on the second."""
    body = make()
    text = body_of(rendered(body)[0])
    drawn = pictures(body)
    made = pdf_of("Report", FACTS, text, datetime(2026, 1, 2, tzinfo=UTC), drawn)
    first, second, *_ = (sheet.extract_text() for sheet in PdfReader(io.BytesIO(made)).pages)
    assert first.startswith("Signed by   Ann (approver, independent review)\nMeaning     approved\nTime ")
    assert "see the desk, or afterclose review." in first
    assert len(drawn) == 2 + ("equity" in body)
    for picture in drawn:
        assert picture.caption in first
    assert "MSFT" in first
    assert second.startswith("Signature\n---------\nSigned by   Ann")
    assert "Context" not in first
    assert "Context" in second


def test_the_same_arguments_give_the_same_bytes(rendered):
    """The time is the signature's, not the clock's."""
    body = worst()
    text, drawn = body_of(rendered(body)[0]), pictures(body)
    one, other = (pdf_of("Report", FACTS, text, datetime(2026, 1, 2, tzinfo=UTC), drawn) for _ in range(2))
    assert one == other


def test_a_text_without_headings_has_the_signature_on_its_first_sheet():
    """A person may have written it whole: there is no first page to set apart, and no picture is lost a place."""
    made = pdf_of("Report", FACTS, "Only words.\n", datetime(2026, 1, 2, tzinfo=UTC))
    (only,) = (sheet.extract_text() for sheet in PdfReader(io.BytesIO(made)).pages)
    assert only.startswith("Signature")
    assert only.rstrip().endswith("Only words.")


def test_the_signed_page_has_its_contents_as_links_and_the_first_page_before_the_signature(rendered):
    """Every heading can be reached; the pictures stand with the text of the first page."""
    body = worst()
    page = signed_page("Report", FACTS, body_of(rendered(body)[0]), pictures(body))
    assert page.index('class="gallery"') < page.index("<h2>Signature</h2>") < page.index("<h2>Context</h2>")
    for anchor in ("decision", "context", "appendix-digests-and-settings"):
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}"' in page


def test_a_ticker_that_the_font_lacks_is_written_as_its_code_in_the_drawing(rendered):
    """As in the text: nothing is left out, and nothing fails."""
    body = trained_body()
    body["data"]["tickers"]["\u4ef7"] = body["data"]["tickers"].pop("IBM")
    made = pdf_of(
        "Report", FACTS, body_of(rendered(body)[0]), datetime(2026, 1, 2, tzinfo=UTC), pictures(body)
    )
    assert "<U+4EF7>" in PdfReader(io.BytesIO(made)).pages[0].extract_text()
