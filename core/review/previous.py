"""The report that was signed last, so that a new one can be read against it. EDGE."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import AftercloseError
from core.fingerprint import sha256
from core.journal import Journal, Record
from core.review.standing import SIGNATURE
from core.review.texts import generated_body
from core.store.checkpoints import Store


@dataclass(frozen=True)
class Signed:
    """A signature and the very text that it covers."""

    record: Record
    text: str


def last_signed(store: Store, journal: Journal | None, *, other_than: str) -> Signed | None:
    """Return the newest approval whose text can still be shown, None if there is none.

    Parameters
    ----------
    other_than : str
        SHA-256 of the text that it is read against: an approval of that very text is passed over.
    """
    for record in reversed(journal.records() if journal else []):
        if record.kind != SIGNATURE or record.content.get("meaning") != "approved":
            continue
        if record.content["text_sha256"] == other_than:
            continue
        text = text_of(store, journal, record)
        if text is not None:
            return Signed(record, text)
    return None


def text_of(store: Store, journal: Journal | None, record: Record) -> str | None:
    """Return the text that a signature covers, None when it is gone or is no longer those bytes."""
    number = record.content.get("draft")
    try:
        if number is None:
            text: str | None = generated_body(store, record.subject)
        else:
            drafts = journal.drafts(record.subject) if journal else []
            text = next((draft.text for draft in drafts if draft.number == number), None)
    except AftercloseError:
        return None
    return text if text is not None and sha256(text.encode()) == record.content["text_sha256"] else None
