"""The text of a report as people work on it: generated, kept as numbered drafts, and what would be signed now."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ParameterError, SignOffError
from core.fingerprint import sha256
from core.journal import Draft, Journal
from core.report.narrative import MAX_CHARACTERS, body_of, cleaned
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, require
from core.store.checkpoints import Slot, Store


@dataclass(frozen=True)
class SignableText:
    """The text as it stands: the latest draft, or the generated body while nobody has edited.

    Parameters
    ----------
    text : str
    sha256 : str
        Digest of the text's UTF-8 bytes: what a signer is shown and signs.
    draft : int or None
        Number of the draft; None for the generated body.
    """

    text: str
    sha256: str
    draft: int | None


class DraftConflict(SignOffError):
    """Somebody else saved a draft after this text was opened.

    Parameters
    ----------
    base : int
        The draft that the refused text was made from; 0 for the generated text.
    latest : Draft
        What is newest now.
    """

    def __init__(self, base: int, latest: Draft) -> None:
        self.base = base
        self.latest = latest
        super().__init__(
            f"{latest.author} saved draft {latest.number} after you opened this text ({_draft_name(base)})",
            expected="nobody else's words to be covered unseen",
            remedy="Your text is not lost. Look at the newest draft, or save again to keep yours as well.",
        )


def _draft_name(number: int) -> str:
    return f"draft {number}" if number else "the generated text"


def generated_body(store: Store, report_key: str) -> str:
    """Return the generated text that editing starts from.

    Raises
    ------
    ParameterError
        If there is no such report.
    CheckpointError
        If it is damaged.
    """
    _judge_there(store, report_key)
    return body_of(store.read(Slot("report", report_key), "report.txt").decode())


def _judge_there(store: Store, report_key: str) -> None:
    if store.meta(Slot("report", report_key)) is None:
        raise ParameterError(
            f"there is no report {report_key!r}",
            expected="the key of a finished report",
            remedy="Finished reports are in <data>/checkpoints/report/.",
        )


def signable(store: Store, journal: Journal | None, report_key: str) -> SignableText:
    """Return the text that would be signed now."""
    generated = generated_body(store, report_key)
    drafts = journal.drafts(report_key) if journal else []
    return signable_of(generated, drafts[0] if drafts else None)


def signable_of(generated: str, draft: Draft | None) -> SignableText:
    """Return the text that would be signed, given the generated body and the latest draft."""
    text = draft.text if draft else generated
    return SignableText(text, sha256(text.encode()), draft.number if draft else None)


def save_draft(
    settings: Settings,
    journal: Journal,
    report_key: str,
    text: str,
    *,
    person: Person,
    base: int | None = None,
) -> Draft:
    """Keep an edited text as the next numbered draft.

    Parameters
    ----------
    person : Person
        Who wrote it; at least an operator.
    base : int, optional
        Number of the draft that was opened for editing, 0 for the generated text; the save is refused
        when a newer one is there. None saves beside whatever is there: nothing is ever overwritten.

    Raises
    ------
    SignOffError
        If the person's role may not edit.
    DraftConflict
        If somebody saved meanwhile; compared in the transaction that saves.
    ParameterError
        If the text is longer than a report may be.
    """
    require(person, "save_draft")
    generated_body(Store(settings.data), report_key)
    if len(text) > MAX_CHARACTERS:
        raise ParameterError(f"the text has {len(text):,} characters", expected=f"at most {MAX_CHARACTERS:,}")
    clean = cleaned(text)

    def unchanged(latest: Draft | None) -> None:
        _judge_there(Store(settings.data), report_key)  # gc removes none while a draft is being kept
        if base is not None and latest is not None and latest.number > base and latest.text != clean:
            raise DraftConflict(base, latest)

    return ledger.save_draft(settings, journal, report_key, clean, author=person.label, unless=unchanged)
