"""Accepting a finding at the desk: on record, and in the file of waivers that later runs work with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import AftercloseError, CheckpointError, MissingFileError, ParameterError, SettingsError
from core.journal import Journal, Record, locks
from core.paths import StoragePath, real_path, typed_path
from core.platform.storage import storage_at
from core.prices.catalogue import RULES
from core.prices.findings import Finding
from core.prices.waivers import Waiver, parse
from core.report.narrative import cleaned
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, act_fields, require
from core.seals.judged_journal import JudgedJournal, judged_journal
from core.seals.trust import Trust
from core.store.waivers import COPIES, MAX_BYTES, read

DEFAULT_NAME = "waivers.toml"
"""File of waivers in the data root, for those given at the desk where the settings name no file."""

WAIVER = "waiver"
"""Kind of the record of a finding that a person accepted."""


def file_for(settings: Settings, request: Mapping[str, str]) -> StoragePath:
    """Return the file of waivers that a run of ``request`` works with: one in the data root where none is named."""
    name = request.get("waivers", "").strip() or str(
        settings.under(request.get(PROFILE, ""))["waivers"] or ""
    )
    return path_of(settings, name) if name else own_file(settings)


def own_file(settings: Settings) -> StoragePath:
    """Return the desk's own file of waivers: it is in the data root, whatever keeps that."""
    return settings.data / DEFAULT_NAME


def path_of(settings: Settings, name: str) -> StoragePath:
    """Return the file that a text names: the desk's own, also where the data root is no folder, or this machine's."""
    own = own_file(settings)
    if name == str(own):
        return own
    path = typed_path(name)
    return own if isinstance(own, Path) and real_path(path) == real_path(own) else path


def may_be_accepted(rule: str) -> bool:
    """Return whether a person may accept findings of a rule at all."""
    return rule in RULES and RULES[rule].waivable


def accept(
    settings: Settings,
    journal: Journal,
    path: StoragePath,
    findings: Sequence[Mapping[str, Any]],
    *,
    person: Person,
    why: str,
    until: str,
) -> list[Record]:
    """Accept findings on record, one record each, and add the waivers to the file that later runs work with.

    The records come first: killed in between, nothing is accepted, and the records say that somebody wanted to.

    Parameters
    ----------
    path : StoragePath
        The file of waivers; it is made if it is not there, and what stands in it stays.
    findings : sequence of mapping
        As a run's ``findings.json`` has them: rule, ticker and date say what is accepted. All or none is accepted.
    person : Person
        At least an operator.
    why : str
        The reason.
    until : str
        Last session (ISO) that data may reach for the waivers to hold.

    Raises
    ------
    SignOffError
        If the person's role may not waive.
    ParameterError
        If no reason was given, nothing was chosen, or one is accepted already for at least as long.
    SettingsError
        If a rule cannot be waived, the day is none, or the file cannot be read or written.
    """
    require(person, "waive")
    if not why.strip():
        raise ParameterError("no reason was given", expected="why this finding is right or does no harm")
    if not findings:
        raise ParameterError("no finding was chosen", expected="at least one")
    entries = [_entry(finding, person, why, until) for finding in findings]
    block = b"\n".join(_block(entry) for entry in entries)
    parse(block, "the waiver")
    with locks.hold(settings.data, "waivers", person.id, journal=settings.journal, waiting=lambda _: None):
        is_there = path.is_file()
        before, waivers = read(path) if is_there else (b"", ())
        _refuse_a_second(waivers, findings, until)
        after = _extended(path.name, before, block)
        common = {**act_fields(person), "file": path.name}
        records = [
            ledger.append(settings, journal, WAIVER, entry["rule"], {**common, **entry}) for entry in entries
        ]
        file = storage_at(path)
        try:
            written = file.exchange(before, after) if is_there else file.create(after)
            if not written:
                raise SettingsError(
                    f"{path.name} was changed meanwhile",
                    expected="nobody else at it",
                    remedy="Accept it again.",
                )
        except OSError as error:
            raise SettingsError(
                f"the waiver cannot be written to {path}: {error.strerror or error}",
                expected="a writable file",
            ) from error
    return records


def _refuse_a_second(waivers: Sequence[Waiver], findings: Sequence[Mapping[str, Any]], until: str) -> None:
    """Refuse what the file accepts already for at least as long: a second waiver would only look like an act.

    Raises
    ------
    ParameterError
        Naming the finding, and who accepted it until when.
    """
    for each in findings:
        about = Finding(str(each["rule"]), each.get("ticker") or None, each.get("date"))
        waiver = next((w for w in waivers if w.covers(about) and w.holds(until)), None)
        if waiver is not None:
            where = " ".join(str(each[key]) for key in ("ticker", "date") if each.get(key))
            raise ParameterError(
                f"{each['rule']} {where} is accepted already: by {waiver.who} until {waiver.until}",
                expected="a finding that nobody has accepted, or a later day",
            )


def _entry(finding: Mapping[str, Any], person: Person, why: str, until: str) -> dict[str, str]:
    entry = {
        "rule": str(finding["rule"]),
        "ticker": finding.get("ticker") or "",
        "who": person.label,
        "why": cleaned(why).strip(),
    }
    if finding.get("date"):
        entry |= {"first": finding["date"], "last": finding["date"]}
    return {**entry, "until": until}


def _extended(name: str, before: bytes, block: bytes) -> bytes:
    """Return what the file of waivers holds with one more entry."""
    after = before + (b"\n" if before else b"") + block
    if len(after) > MAX_BYTES:
        raise SettingsError(f"{name} would have {len(after):,} bytes", expected=f"at most {MAX_BYTES:,}")
    return after


def _block(entry: Mapping[str, str]) -> bytes:
    # a JSON string is a TOML string, but for the one control character that JSON leaves as it is, and for what JSON
    # writes as two halves of a character: TOML has none, and takes each as it is
    lines = [f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in entry.items() if text]
    return "\n".join(["[[waiver]]", *lines, ""]).replace("\x7f", "\\u007f").encode(errors="backslashreplace")


def unrecorded(settings: Settings, journal: Journal) -> Iterator[str]:
    """Yield in a sentence each what the desk's own file of waivers accepts and no record says that somebody accepted.

    The file in the data root alone: one that the settings name elsewhere is reviewed like code, and written by hand.
    Nothing of a ledger that was begun anew because it was lost: the records of what was accepted went with it.
    """
    if own_file(settings).is_file():
        yield from _own_waivers(settings, journal)[1]


def _own_waivers(settings: Settings, journal: Journal) -> tuple[bytes, list[str]]:
    """Return the bytes of the desk's own file of waivers, and what is wrong with these very bytes, a sentence each."""
    path, data = own_file(settings), b""
    try:
        on_record = judged_journal(journal)
        data = COPIES.read(path, "waivers")
        waivers = () if _begun_anew(on_record) else parse(data, path.name)
    except MissingFileError:
        raise
    except AftercloseError as error:
        return data, [error.problem]
    accepted = {_identity(record.content) for record in on_record.of_kinds([WAIVER])}
    others = [waiver for waiver in waivers if _identity(vars(waiver)) not in accepted]
    return data, [
        f"{path.name}, waiver {waiver.number} ({' '.join(filter(None, (waiver.rule, waiver.ticker, waiver.first)))}): "
        f"no record says that {waiver.who} accepted it"
        for waiver in others
    ]


def recorded_waivers(settings: Settings, path: StoragePath) -> bytes | None:
    """Return the bytes of the desk's own file of waivers, in which all is on record: a run works with these.

    None of a file elsewhere, and where there is no record at all.

    Raises
    ------
    CheckpointError
        Naming the first that is on no record.
    MissingFileError
        If it is not there.
    """
    journal = Journal.find(settings.data, settings.journal)
    if path != own_file(settings) or journal is None:
        return None
    data, faults = _own_waivers(settings, journal)
    if faults:
        raise CheckpointError(
            faults[0],
            expected="findings that a person accepted at the desk",
            remedy="Accept it there, or take the block out. What is accepted by hand stands in a file elsewhere, "
            "which the key waivers names.",
        )
    return data


def _begun_anew(journal: JudgedJournal) -> bool:
    """Return whether the first signed record is by a key with which the ledger was begun anew, as it says."""
    first = next((record for record in journal.ledger() if record.signature), None)
    if first is None or journal.head is None:
        return False
    return Trust(journal.head.begun[1:]).fault(first) is None


def _identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells a waiver apart, of a file or on record; texts are read without blanks around them."""
    return tuple(
        str(entry.get(name) or "").strip()
        for name in ("rule", "ticker", "who", "why", "first", "last", "until")
    )
