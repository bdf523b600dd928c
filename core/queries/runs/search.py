"""Finding runs again: by state, source, person and words, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.journal.journal import Journal
from core.journal.runs_and_drafts import ACTIVE, Run


@dataclass(frozen=True)
class RunFilter:
    """Which runs match; what is empty does not narrow.

    Parameters
    ----------
    state : str
        As a reader sees it: a run whose process is gone is ``interrupted``.
    source : str
        The requested source; a run that named none had that of its profile, else ``default_source``.
    who : str
        The person or account, exactly.
    text : str
        Stands anywhere in id, person, request or error, in any case.
    default_source : str
    by_profile : mapping of str to str
        Profile -> the source that its runs have which name none.
    profile : str
    within : frozenset of str, optional
        Only these run ids.
    without : frozenset of str
        None of these run ids.
    """

    state: str = ""
    source: str = ""
    who: str = ""
    text: str = ""
    default_source: str = ""
    profile: str = ""
    within: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    by_profile: Mapping[str, str] = field(default_factory=dict)


SORTS = {
    "started": "seq", "profile": "COALESCE(profile, '')", "session": "COALESCE(session, '')", "state": "state",
    "duration": "COALESCE(seconds, -1)", "who": "who",
}  # fmt: skip
"""By what runs are sorted -> the expression that sorts them."""


@dataclass(frozen=True)
class RunPage:
    """One page of runs, newest first, how many there are in all, and which page it is (from 1)."""

    runs: list[Run]
    count: int
    page: int


def find_runs(
    journal: Journal,
    criteria: RunFilter,
    *,
    page: int,
    size: int,
    sort: str = "started",
    ascending: bool = False,
) -> RunPage:
    """Return a page of the runs that match; a page past the end is the last one.

    Parameters
    ----------
    page : int
        Counted from 1.
    sort : str
        One of :data:`SORTS`; of equal ones the newest comes first.
    """
    where, values = _where(journal, criteria)
    count = int(_read(journal, f"SELECT COUNT(*) FROM run {where}", values)[0][0])  # noqa: S608 - texts of this module
    page = max(1, min(page, -(-count // size)))
    rest = f"{where} ORDER BY {SORTS[sort]} {'ASC' if ascending else 'DESC'}, seq DESC LIMIT ? OFFSET ?"
    return RunPage(journal._runs(rest, [*values, size, size * (page - 1)]), count, page)  # noqa: SLF001 - the journal's own module


def people(journal: Journal) -> list[str]:
    """Return everybody who ever started a run, by name."""
    return [str(who) for (who,) in _read(journal, "SELECT DISTINCT who FROM run ORDER BY who", [])]


def _read(journal: Journal, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    return journal._read(sql, values)  # noqa: SLF001 - the journal's own module


def _where(journal: Journal, criteria: RunFilter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if criteria.state:
        part, more = _state(journal, criteria.state)
        parts, values = [*parts, part], [*values, *more]
    if criteria.source:
        part, more = _source(criteria)
        parts, values = [*parts, part], [*values, *more]
    if criteria.who:
        parts.append("who = ?")
        values.append(criteria.who)
    if criteria.profile:
        parts.append("profile = ?")
        values.append(criteria.profile)
    for ids, word in ((criteria.within, "IN"), (criteria.without or None, "NOT IN")):
        if ids is not None:
            parts.append(f"run_id {word} ({', '.join('?' * len(ids))})" if ids else "1 = 0")
            values += sorted(ids)
    if text := criteria.text.strip():
        columns = ("run_id", "who", "request", "COALESCE(error, '')")
        parts.append("(" + " OR ".join(f"LOWER({name}) LIKE ? ESCAPE '!'" for name in columns) + ")")
        values += [f"%{_literal(text.lower())}%"] * len(columns)
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def _source(criteria: RunFilter) -> tuple[str, list[Any]]:
    """Return the condition for a source: the one that a run names, else that of its profile."""
    of_profiles = {
        same: sorted(
            name for name, source in criteria.by_profile.items() if (source == criteria.source) is same
        )
        for same in (True, False)
    }
    by_default = criteria.source == criteria.default_source
    names = of_profiles[not by_default]
    word, nobody = ("NOT IN", "1 = 1") if by_default else ("IN", "1 = 0")
    member = f"COALESCE(profile, '') {word} ({', '.join('?' * len(names))})" if names else nobody
    unnamed = f"request NOT LIKE ? AND {member}"
    return f"(request LIKE ? OR ({unnamed}))", [
        f'%"source": "{criteria.source}"%', '%"source": %', *names,
    ]  # fmt: skip


def _state(journal: Journal, state: str) -> tuple[str, list[Any]]:
    """Return the condition for a state as readers see it: the table says ``running`` of a killed run."""
    dead = [run.run_id for run in journal._unended() if run.state == "interrupted"]  # noqa: SLF001 - the journal's own module
    marks = ", ".join("?" for _ in dead)
    if dead and state == "interrupted":
        return f"(state = ? OR run_id IN ({marks}))", [state, *dead]
    if dead and state in ACTIVE:
        return f"(state = ? AND run_id NOT IN ({marks}))", [state, *dead]
    return "state = ?", [state]


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
