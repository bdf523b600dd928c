"""Comments to a section of a report: what a reader says to who writes, on record, without deciding anything."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ParameterError
from core.journal import Journal, Record
from core.report.narrative import cleaned, headings
from core.request.settings import Settings
from core.review import ledger
from core.review.drafts import signable
from core.review.people import Person, act_fields, require
from core.seals.judged_journal import judged_journal
from core.store.checkpoints import Store

COMMENT = "comment"
"""Kind of these records; they change no report's state."""

MAX_CHARACTERS = 2_000


@dataclass(frozen=True)
class SectionComment:
    """What somebody said to a section of a text.

    Parameters
    ----------
    section, text : str
    who, at_utc : str
        Printed name, and when (ISO, UTC).
    record : int
        Number of the record.
    """

    section: str
    text: str
    who: str
    at_utc: str
    record: int


def add_comment(
    settings: Settings, journal: Journal, report_key: str, section: str, text: str, *, person: Person
) -> Record:
    """Record what a person says to a section of the report as it stands, and return the record.

    Raises
    ------
    SignOffError
        If the person's role does not allow it.
    ParameterError
        If nothing was said, too much, or the text has no such section.
    """
    require(person, "comment")
    words = cleaned(text).strip()
    if not words or len(words) > MAX_CHARACTERS:
        raise ParameterError(
            f"the comment has {len(words):,} characters",
            expected=f"1 to {MAX_CHARACTERS:,}",
            parameter="comment",
        )
    present = signable(Store(settings.data), judged_journal(journal), report_key)
    if section not in [name for name, _ in headings(present.text)]:
        raise ParameterError(f"the report has no section {section!r}", expected="one of its headings")
    content = {
        **act_fields(person, account=True), "section": section, "comment": words,
        "text_sha256": present.sha256, "draft": present.draft,
    }  # fmt: skip
    return ledger.append(settings, journal, COMMENT, report_key, content)


def comments(journal: Journal | None, report_key: str) -> list[SectionComment]:
    """Return what was said to a report's sections, oldest first."""
    records = journal.records(subject=report_key) if journal else []
    return [
        SectionComment(
            record.content["section"], record.content["comment"], record.content["user"], record.content["at_utc"],
            record.seq,
        )
        for record in records
        if record.kind == COMMENT
    ]  # fmt: skip
