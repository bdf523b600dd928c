"""Accepting a finding at the desk: on record, and in the file of waivers that later runs work with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ParameterError, SettingsError
from core.journal import Journal, Record, locks
from core.paths import StoragePath
from core.platform.storage import replace_file
from core.prices.catalogue import RULES
from core.prices.waivers import parse
from core.report.narrative import cleaned
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, person_fields, require
from core.store.waivers import MAX_BYTES, read

DEFAULT_NAME = "waivers.toml"
"""File of waivers in the data root, for those given at the desk where the settings name no file."""

WAIVER = "waiver"
"""Kind of the record of a finding that a person accepted."""


def file_for(settings: Settings, request: Mapping[str, str]) -> StoragePath:
    """Return the file of waivers that a run of ``request`` works with: one in the data root where none is named."""
    name = request.get("waivers", "").strip() or str(
        settings.under(request.get(PROFILE, ""))["waivers"] or ""
    )
    return Path(name) if name else settings.data / DEFAULT_NAME


def may_be_accepted(rule: str) -> bool:
    """Return whether a person may accept findings of a rule at all."""
    return rule in RULES and RULES[rule].waivable


def accept(
    settings: Settings,
    journal: Journal,
    path: StoragePath,
    finding: Mapping[str, Any],
    *,
    person: Person,
    why: str,
    until: str,
) -> Record:
    """Accept a finding on record, and add the waiver to the file that later runs work with.

    The record comes first: killed in between, nothing is accepted, and the record says that somebody wanted to.

    Parameters
    ----------
    path : StoragePath
        The file of waivers; it is made if it is not there, and what stands in it stays.
    finding : mapping
        As a run's ``findings.json`` has it: rule, ticker and date say what is accepted.
    person : Person
        At least an operator.
    why : str
        The reason.
    until : str
        Last session (ISO) that data may reach for the waiver to hold.

    Raises
    ------
    SignOffError
        If the person's role may not waive.
    ParameterError
        If no reason was given.
    SettingsError
        If the rule cannot be waived, the day is none, or the file cannot be read or written.
    """
    require(person, "waive")
    if not why.strip():
        raise ParameterError("no reason was given", expected="why this finding is right or does no harm")
    entry = _entry(finding, person, why, until)
    block = _block(entry)
    parse(block, "the waiver")
    with locks.hold(settings.data, "waivers", person.id, journal=settings.journal, waiting=lambda _: None):
        after = _extended(path, block)
        record = ledger.append(
            settings,
            journal,
            WAIVER,
            str(finding["rule"]),
            {"at_utc": _now(), **person_fields(person), "file": path.name, **entry},
        )
        try:
            replace_file(path, after)
        except OSError as error:
            raise SettingsError(
                f"the waiver cannot be written to {path}: {error.strerror or error}",
                expected="a writable file",
            ) from error
    return record


def _entry(finding: Mapping[str, Any], person: Person, why: str, until: str) -> dict[str, str]:
    entry = {
        "rule": finding["rule"],
        "ticker": finding.get("ticker") or "",
        "who": person.label,
        "why": cleaned(why).strip(),
    }
    if finding.get("date"):
        entry |= {"first": finding["date"], "last": finding["date"]}
    return {**entry, "until": until}


def _extended(path: StoragePath, block: bytes) -> bytes:
    """Return what the file of waivers holds with one more entry."""
    before = read(path)[0] if path.is_file() else b""
    after = before + (b"\n" if before else b"") + block
    if len(after) > MAX_BYTES:
        raise SettingsError(f"{path.name} would have {len(after):,} bytes", expected=f"at most {MAX_BYTES:,}")
    return after


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _block(entry: Mapping[str, str]) -> bytes:
    # a JSON string is a TOML string, but for the one control character that JSON leaves as it is
    lines = [f"{name} = {json.dumps(text)}" for name, text in entry.items() if text]
    return "\n".join(["[[waiver]]", *lines, ""]).replace("\x7f", "\\u007f").encode()
