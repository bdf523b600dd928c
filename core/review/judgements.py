"""What meaning, comment and person of an act of sign-off must be, each judged by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.errors import ParameterError, SignOffError
from core.fingerprint import SHORT
from core.journal import Record
from core.report.narrative import cleaned, unwritten
from core.request.settings import Settings
from core.review.drafts import SignableText
from core.review.people import Person, involved, separated
from core.review.standing import Standing

MEANINGS = ("approved", "reviewed", "rejected")
"""What a signature can mean; only an approval lets a report be published."""

CLOCKS_APART = timedelta(seconds=60)
"""How far a provider's clock may be ahead of ours."""

MAX_COMMENT = 10_000
"""Characters of a comment."""


def judge_separation(settings: Settings, person: Person, hands: Sequence[str]) -> None:
    """Raise if the person had a hand in the text, and author and approver must be different people."""
    if separated(settings, "separate_author", person) and involved(person, hands):
        raise SignOffError(
            f"{person.name} had a hand in this text",
            expected="an approver who neither wrote nor submitted it",
            remedy="Ask another approver ([review] separate_author in luigi.cfg).",
        )


def judge_login(settings: Settings, person: Person, now: datetime) -> None:
    """Raise unless somebody who logged in was seen by the provider as recently as a signature asks for.

    A token says when it was issued (``iat``), also where the provider remembered the person and asked nothing; only
    ``auth_time`` says when it saw them.
    """
    minutes = int(settings["people_sign_within_minutes"] or 0)
    if not minutes or not person.logged_in:
        return
    seen_at = datetime.fromisoformat(person.auth_time) if person.auth_time else None
    if seen_at is None or not now - timedelta(minutes=minutes) <= seen_at <= now + CLOCKS_APART:
        when = f"at {person.auth_time}" if seen_at else "at no time that it tells"
        raise SignOffError(
            f"the identity provider saw {person.name} {when}",
            expected=f"a login at most {minutes} minutes before signing",
            remedy="Log in again, then sign.",
        )


def judge_sections(text: SignableText, comment: str) -> None:
    """Raise if a section is still unwritten and no comment says why."""
    judge_comment(comment, "an approval", needed=False)
    missing = unwritten(text.text)
    if missing and not cleaned(comment).strip():
        raise ParameterError(
            f"still to be written: {', '.join(missing)}",
            expected="every section written, or a comment that says why not",
        )


def judge_meaning(meaning: str, comment: str) -> None:
    """Raise if a meaning cannot be used, or a rejection has no reason."""
    if not meaning:
        raise ParameterError("no meaning was chosen", expected=f"one of {', '.join(MEANINGS)}")
    if meaning not in MEANINGS:
        raise ParameterError(f"meaning is {meaning!r}", expected=f"one of {', '.join(MEANINGS)}")
    judge_comment(comment, "a rejection", needed=meaning == "rejected")


def judge_comment(comment: str, what: str, *, needed: bool) -> None:
    """Raise if a comment is too long, or a needed one is missing."""
    if len(comment) > MAX_COMMENT:
        raise ParameterError(
            f"the comment has {len(comment):,} characters", expected=f"at most {MAX_COMMENT:,}"
        )
    if needed and not cleaned(comment).strip():
        raise ParameterError(f"{what} came without a comment", expected="the reason, in a sentence")


def judge_same_text(expected: str, present: str) -> None:
    """Raise unless the text that was shown is what is there."""
    if present != expected:
        raise SignOffError(
            f"the report changed since you opened it: you saw {expected[:SHORT]}, it is now {present[:SHORT]}",
            expected="the text that was shown",
            remedy="Read it again, then sign.",
        )


def judge_same_draft(before: SignableText, present: SignableText) -> None:
    """Raise unless a text is the draft that was judged: the same words saved anew may have another author."""
    judge_same_text(before.sha256, present.sha256)
    if present.draft != before.draft:
        raise SignOffError(
            f"draft {present.draft} was saved meanwhile: the same words, by somebody who was not judged",
            expected="the draft that was shown",
            remedy="Look at it again, then sign.",
        )


def meanwhile(record: Record, report_key: str) -> SignOffError:
    """Return the error of an act that another one overtook."""
    content = record.content
    return SignOffError(
        f"{content['user']} was faster: report {report_key} has a new record {record.seq}, {content['meaning']}",
        expected="the report as it was when you opened it",
        remedy="Look at it again.",
    )


def wrong_state(
    before: Standing, act: str, report_key: str, states: Mapping[str, Sequence[str]]
) -> SignOffError:
    """Return the error of an act that a report's state does not allow; ``states`` are those that allow each act."""
    verb = act.replace("_", " ")
    record = before.record
    by = f", record {record.seq} by {record.content['user']}" if record else ""
    submits = act in ("sign", "reject", "request_changes") and before.state in states["submit"]
    return SignOffError(
        f"report {report_key} is {before.state.replace('_', ' ')}{by}",
        expected=f"{' or '.join(s.replace('_', ' ') for s in states[act])} to {verb}",
        remedy="Submit it first (afterclose review --submit)." if submits else "Nothing was recorded.",
    )
