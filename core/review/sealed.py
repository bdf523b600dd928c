"""What counts without a record of its own: what is older than signed records, and runs that an admin took by name.

The first signed record of a ledger that was there already is a seal over all that stood in it. Later nothing comes
about without a record but a run whose request could not be signed. Such a run counts once an admin names it
(``afterclose keys admit``, ``keys renew``): the record of that act has its id and the digest of its row. No act takes
in what it does not name: a row that somebody put into the database would become whole by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.errors import MissingFileError, ParameterError, listed
from core.fingerprint import digest_of
from core.journal import Journal, Record
from core.journal.records import REQUEST, SEAL
from core.request.profiles import PROFILE
from core.seals.trust import KEY

TAKEN_RUNS = "taken_runs"
"""Field of a record about a key: digest of the row of each run that it takes as it stands, by the run's id."""

TAKEN_PROFILES = "taken_profiles"
"""Field beside it: to which profile each belongs, which the row's digest leaves out; not in older records."""


def first_seal(records: Iterable[Record]) -> Record | None:
    """Return the seal over what is older than signed records, None where the first record was signed."""
    first = next((record for record in records if record.signature), None)
    return first if first is not None and first.kind == SEAL else None


def seals_of(records: Iterable[Record]) -> list[Mapping[str, Any]]:
    """Return what all seals say, oldest first: earlier versions made further ones when a key was admitted."""
    return [record.content for record in records if record.kind == SEAL and record.signature]


def taken_runs(records: Iterable[Record]) -> dict[str, Record]:
    """Return the record of the act by which an admin took each run that has none of its own."""
    return {
        run: record
        for record in records
        if record.kind == KEY and record.signature
        for run in record.content.get(TAKEN_RUNS) or {}
    }


def free_runs(records: Sequence[Record], requests: Sequence[Sequence[Any]]) -> set[str]:
    """Return the runs that need no record of who asked for them.

    Parameters
    ----------
    requests : sequence
        Run id, time, person, door, request and target of all runs, in order.
    """
    sealed = max((int(content["runs"]) for content in seals_of(records)), default=0)
    return {row[0] for row in requests[:sealed]} | taken_runs(records).keys()


def free_drafts(records: Sequence[Record], written: Sequence[Sequence[Any]]) -> set[tuple[str, int]]:
    """Return the drafts that need no record of who wrote them; none comes about without one, whatever later seals say.

    Parameters
    ----------
    written : sequence
        Report, number, time, author and SHA-256 of each draft, in order.
    """
    seal = first_seal(records)
    return {(row[0], row[1]) for row in written[: int(seal.content["drafts"]) if seal else 0]}


def runs_without_record(journal: Journal) -> list[str]:
    """Return the runs that ``verify`` names because nobody's request is on record for them, in order.

    None in a ledger that has no signed record yet: the first one seals what is there.
    """
    if not journal.first_signer():
        return []
    records, requests = journal.of_kinds([REQUEST, KEY, SEAL]), journal.requests()
    with_record = {record.subject for record in records if record.kind == REQUEST} | free_runs(
        records, requests
    )
    return [str(row[0]) for row in requests if row[0] not in with_record]


def rows_of(journal: Journal) -> dict[str, str]:
    """Return the digest of the row of each run, by the run's id."""
    return {str(row[0]): digest_of(row) for row in journal.requests()}


def rows_taken(journal: Journal, runs: Iterable[str]) -> dict[str, str]:
    """Return what a record says of the runs that it takes: the digest of each row, by its run's id.

    Raises
    ------
    MissingFileError
        If there is no such run.
    ParameterError
        If one of them needs no such thing.
    """
    run_ids = list(dict.fromkeys(runs))
    without, rows = set(runs_without_record(journal)), rows_of(journal)
    if unknown := [run for run in run_ids if run not in rows]:
        raise MissingFileError(f"there is no run {listed(unknown)}", expected="the whole id of a run")
    if others := [run for run in run_ids if run not in without]:
        raise ParameterError(
            f"who asked for {listed(others)} is on record, or older than records",
            expected="runs that afterclose verify names",
        )
    return {run: rows[run] for run in run_ids}


def fields_of_taken_runs(journal: Journal, rows: Mapping[str, str]) -> dict[str, Any]:
    """Return what a record says of the runs that it takes, by the digests of their rows; nothing of none."""
    if not rows:
        return {}
    profiles = journal.profiles_of_runs()
    return {TAKEN_RUNS: dict(rows), TAKEN_PROFILES: {run: profiles[run] for run in rows if run in profiles}}


def profiles_on_record(records: Iterable[Record], requests: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return the profile of each run as far as something signed says it: its own record, a seal, or who took it.

    What a run asked for is under its record, the seal's digest or that of the one who took it: its profile, too, where
    it was named.
    """
    by_run = {str(row[0]): profile_in({"request": row[4]}) for row in requests}
    for record in records:
        content = record.content
        if record.kind == REQUEST:
            by_run[record.subject] = profile_in(content)
        elif record.kind == KEY and record.signature:
            by_run |= {str(run): str(name) for run, name in (content.get(TAKEN_PROFILES) or {}).items()}
    return {run: profile for run, profile in by_run.items() if profile}


def profile_in(content: Mapping[str, Any]) -> str:
    """Return the profile that a record names, itself or in what was asked for; empty where it names none."""
    request = content.get("request")
    by_name = request.get(PROFILE) if isinstance(request, Mapping) else ""
    return str(content.get("profile") or by_name or "")


def seal_faults(
    records: Sequence[Record], requests: Sequence[Sequence[Any]], written: Sequence[Sequence[Any]]
) -> Iterator[str]:
    """Yield in what the rows under a seal, or of a run that an admin took, are not those of then."""
    for what, rows in (("runs", requests), ("drafts", written)):
        for content in seals_of(records):
            count = int(content[what])
            if digest_of(rows[:count]) != content[f"{what}_sha256"]:
                yield f"the {count:,} {what} that were there when the ledger was sealed were changed"
    there = {row[0]: digest_of(row) for row in requests}
    for run, record in taken_runs(records).items():
        if run not in there:
            yield f"run {run} is gone: record {record.seq} takes it"
        elif there[run] != record.content[TAKEN_RUNS][run]:
            yield f"run {run} was changed after record {record.seq} took it as it stood"
