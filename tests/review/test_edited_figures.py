"""Whoever signs a changed figure is on record for it, in every form that is published."""

from __future__ import annotations

from core.journal import Journal
from core.queries.reports.audit import last_signed, text_of
from core.request.settings import load
from core.review import drafts, signoff
from core.review.people import local_person
from core.review.publication import publish
from core.store.checkpoints import Store


def signed(data, text=None):
    """Save a text as a draft if one is given, and approve what is there; return report key and record."""
    settings, journal, store = load({"AFTERCLOSE_DATA": str(data)}), Journal(data), Store(data)
    (folder,) = (data / "checkpoints" / "report").iterdir()
    person = local_person(settings)
    if text is not None:
        drafts.save_draft(settings, journal, folder.name, text, person=person)
    shown = signoff.signable(store, journal, folder.name).sha256
    record = signoff.sign(
        settings,
        journal,
        folder.name,
        text_sha256=shown,
        person=person,
        meaning="approved",
        comment="As it is.",
    )
    return folder.name, record


def test_a_changed_figure_is_in_the_record_and_in_the_published_block(finished):
    """With its section, what the pipeline wrote, and what was signed instead."""
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    text = signoff.generated_body(Store(finished), folder.name)
    line = next(line for line in text.splitlines() if line.startswith("Rows judged"))
    key, record = signed(finished, text.replace(line, "Rows judged              99,999", 1))
    assert record.content["edits"] == [
        {"section": "Performance", "before": line, "after": "Rows judged              99,999", "figure": True}
    ]
    settings = load({"AFTERCLOSE_DATA": str(finished)})
    published = publish(settings, Journal(finished), key, person=local_person(settings))
    block = (published / "report.txt").read_text(encoding="utf-8").partition("\n\n\n")[0]
    assert "generated text changed in 1 places, 1 with figures" in block


def test_an_untouched_text_has_no_edits_and_the_block_says_nothing_of_them(finished):
    """A reader is warned only where there is something."""
    key, record = signed(finished)
    assert record.content["edits"] == []
    settings = load({"AFTERCLOSE_DATA": str(finished)})
    published = publish(settings, Journal(finished), key, person=local_person(settings))
    assert "Changed" not in (published / "report.txt").read_text(encoding="utf-8").partition("\n\n\n")[0]


def test_the_last_signed_text_is_found_and_only_while_it_is_what_was_signed(finished):
    """Of a generated text and of a draft; one that is no longer those bytes is not shown as signed."""
    journal, store, here = Journal(finished), Store(finished), load({"AFTERCLOSE_DATA": str(finished)})
    key, first = signed(finished)
    generated = signoff.generated_body(store, key)
    assert last_signed(here, journal, key, other_than=first.content["text_sha256"]) is None
    _, second = signed(finished, generated + "More.\n")
    found = last_signed(here, journal, key, other_than="0" * 64)
    assert found is not None
    assert (found.record.seq, found.text) == (second.seq, generated + "More.\n")
    earlier = last_signed(here, journal, key, other_than=second.content["text_sha256"])
    assert earlier is not None
    assert earlier.text == generated
    path = finished / "checkpoints" / "report" / key / "report.txt"
    path.write_bytes(path.read_bytes() + b" ")
    assert text_of(store, journal, first) is None
