"""The chain as people read it: who did what, when, and to which digest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import AftercloseError
from core.fingerprint import sha256
from core.journal import Journal, Record
from core.journal.records import REQUEST
from core.queries.runs.progress import asked_for
from core.registry.origins import Origins
from core.request.settings import Settings
from core.review.drafts import generated_body
from core.review.sealed import profile_in
from core.review.standing import SIGNATURE
from core.store.checkpoints import Store

_ACTS = {
    "authored": "submitted", "promotion": "promoted", "rollback": "rolled back", "keep": "kept",
    "retrain": "retraining", "reject": "rejected model", "waiver": "accepted a finding", "comment": "commented",
}  # fmt: skip

STARTED, AGAIN = "started a run", "started a run again"


@dataclass(frozen=True)
class AuditEntry:
    """One record in words.

    Parameters
    ----------
    record : int
        Its number in the chain.
    at_utc : str
        ISO, UTC.
    who, role : str
        Printed name and role at that time.
    identity : str
        What tells people apart for good; empty in records made before it was kept.
    authentication : str
        How the person was known.
    act : str
        ``approved``, ``revoked``, ``promoted``, ...
    subject : str
        Report key, model id, run, or the rule whose finding was accepted.
    digest : str
        SHA-256 of the text that was signed; of a model its content id. Empty where there is none.
    why : str
        Comment or reason.
    sha256 : str
        Of the record itself.
    profile : str
        Whose report, model or run it is about; several by commas, empty where it is about none of them.
    ticker, date : str
        Tickers, and a session or span of days (ISO), where the record says them.
    """

    record: int
    at_utc: str
    who: str
    role: str
    identity: str
    authentication: str
    act: str
    subject: str
    digest: str
    why: str
    sha256: str
    profile: str = ""
    ticker: str = ""
    date: str = ""


def of_people(journal: Journal) -> list[Record]:
    """Return what people did, in order, with who asked for each run; drafts are on the report's own page."""
    return sorted((*journal.records(), *journal.of_kinds((REQUEST,))), key=lambda record: record.seq)


def requests_of(journal: Journal) -> dict[int, str]:
    """Return what each run was asked for, by the number of the record of its start."""
    return {
        record.seq: asked_for(record.content.get("request") or {}) for record in journal.of_kinds((REQUEST,))
    }


def entries(records: Iterable[Record], settings: Settings) -> list[AuditEntry]:
    """Return the records in words, the newest first; a run that was asked for before is started again."""
    listed, earlier, origins = [], set[str](), Origins(settings)
    for record in records:
        entry = _entry(record, origins)
        if record.kind == REQUEST:
            about = json.dumps(record.content.get("request"), sort_keys=True)
            entry = replace(entry, act=AGAIN if about in earlier else STARTED)
            earlier.add(about)
        listed.append(entry)
    return listed[::-1]


def _profiles(record: Record, origins: Origins) -> str:
    if profile := profile_in(record.content):
        return profile
    subject = record.subject  # asked of every kind: a cancel and a note are about a run as a request is
    names = origins.of_run(subject)
    if not names and record.kind != REQUEST:
        names = origins.of_key("report", subject)
    return ", ".join(sorted(names or origins.of_model(subject)))


def _entry(record: Record, origins: Origins) -> AuditEntry:
    content = record.content
    meaning = str(content.get("meaning") or content.get("decision") or record.kind)
    text = content.get("text_sha256")
    return AuditEntry(
        record=record.seq,
        at_utc=str(content.get("at_utc") or ""),
        who=str(content.get("user") or content.get("who") or "not recorded"),
        role=str(content.get("role") or ""),
        identity=str(content.get("user_id") or ""),
        authentication=str(content.get("authentication") or ""),
        act=_ACTS.get(meaning, meaning),
        subject=record.subject,
        digest=str(text or (record.subject if _CONTENT_ID.fullmatch(record.subject) else "")),
        why=str(content.get("comment") or content.get("why") or ""),
        sha256=record.hash,
        profile=_profiles(record, origins),
        **_about(record),
    )


def _about(record: Record) -> dict[str, str]:
    """Return ticker and date of a record, as far as it says them."""
    content = record.content
    request = content.get("request") or {}
    first, last = (str(content.get(name) or request.get(end) or "") for name, end in _SPAN)
    session = _SESSION.match(record.subject)
    days = f"{first} to {last}" if first and last and first != last else last or first
    return {
        "ticker": str(content.get("ticker") or request.get("tickers") or ""),
        "date": days or (session[0] if session and record.kind != REQUEST else ""),
    }


_SPAN = (("first", "start"), ("last", "end"))
_SESSION = re.compile(r"\d{4}-\d\d-\d\d(?=-)")
_CONTENT_ID = re.compile(r"[0-9a-f]{12,64}")
"""A model's name; a rule, a run and a report have other names."""


def matching(
    entries: Iterable[AuditEntry],
    *,
    who: str = "",
    act: str = "",
    text: str = "",
    since: str = "",
    until: str = "",
) -> list[AuditEntry]:
    """Return the entries that answer to every filter that is not empty.

    Parameters
    ----------
    who, act : str
        Exactly so.
    text : str
        Anywhere in subject, profile, ticker, date, digest, reason or hash, whatever the case.
    since, until : str
        ISO days, inclusive.
    """
    words = text.strip().lower()
    return [
        entry
        for entry in entries
        if (not who or entry.who == who)
        and (not act or entry.act == act)
        and (not since or entry.at_utc[:10] >= since)
        and (not until or entry.at_utc[:10] <= until)
        and (not words or any(words in text.lower() for text in _texts(entry)))
    ]


def _texts(entry: AuditEntry) -> tuple[str, ...]:
    return entry.subject, entry.profile, entry.ticker, entry.date, entry.digest, entry.why, entry.sha256


def choices(entries: Iterable[AuditEntry]) -> tuple[list[str], list[str]]:
    """Return every person and every act there is, sorted."""
    listed = list(entries)
    return sorted({entry.who for entry in listed}), sorted({entry.act for entry in listed})


def rows(entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Return entries as rows of a table, all values as they are."""
    return [asdict(entry) for entry in entries]


def as_csv(entries: Sequence[AuditEntry]) -> bytes:
    """Return entries as CSV in which no cell starts a formula."""
    import pandas as pd

    from core.report.as_csv import safe_csv

    return safe_csv(pd.DataFrame(rows(entries), columns=list(AuditEntry.__dataclass_fields__)))


def as_json(entries: Sequence[AuditEntry]) -> bytes:
    """Return entries as JSON, the newest first."""
    return (
        json.dumps(
            {"format": 1, "kind": "audit", "entries": rows(entries)}, indent=2, ensure_ascii=False
        ).encode()
        + b"\n"
    )


@dataclass(frozen=True)
class Signed:
    """A signature and the very text that it covers."""

    record: Record
    text: str


def last_signed(
    settings: Settings, journal: Journal | None, report_key: str, *, other_than: str
) -> Signed | None:
    """Return the newest approval in the report's profile whose text can still be shown, None if there is none.

    Parameters
    ----------
    other_than : str
        SHA-256 of the text that it is read against: an approval of that very text is passed over.
    """
    store, origins = Store(settings.data), Origins(settings)
    profiles = origins.of_key("report", report_key)
    for record in reversed(journal.records() if journal else []):
        if record.kind != SIGNATURE or record.content.get("meaning") != "approved":
            continue
        if record.content["text_sha256"] == other_than:
            continue
        if record.subject != report_key and not profiles & origins.of_key("report", record.subject):
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
