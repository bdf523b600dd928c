"""Finding runs again: by state, source, person and words, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.journal.journal import Journal
from core.journal.rows import ACTIVE, Run


@dataclass(frozen=True)
class RunFilter:
    """Which runs match; what is empty does not narrow.

    Parameters
    ----------
    state : str
        As a reader sees it: a run whose process is gone is ``interrupted``.
    source : str
        The requested source; a run that named none had ``default_source``.
    who : str
        The person or account, exactly.
    text : str
        Stands anywhere in id, person, request or error, in any case.
    default_source : str
    """

    state: str = ""
    source: str = ""
    who: str = ""
    text: str = ""
    default_source: str = ""

    @property
    def narrow(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.state or self.source or self.who or self.text.strip())


@dataclass(frozen=True)
class RunPage:
    """One page of runs, newest first, how many there are in all, and which page it is (from 1)."""

    runs: list[Run]
    count: int
    page: int


def find_runs(journal: Journal, wanted: RunFilter, *, page: int, size: int) -> RunPage:
    """Return a page of the runs that match; a page past the end is the last one."""
    where, values = _where(journal, wanted)
    count = int(_read(journal, f"SELECT COUNT(*) FROM run {where}", values)[0][0])  # noqa: S608 - texts of this module
    page = max(1, min(page, -(-count // size)))
    rest = f"{where} ORDER BY seq DESC LIMIT ? OFFSET ?"
    return RunPage(journal._runs(rest, [*values, size, size * (page - 1)]), count, page)  # noqa: SLF001 - the journal's own module


def people(journal: Journal) -> list[str]:
    """Return everybody who ever started a run, by name."""
    return [str(who) for (who,) in _read(journal, "SELECT DISTINCT who FROM run ORDER BY who", [])]


def _read(journal: Journal, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    return journal._read(sql, values)  # noqa: SLF001 - the journal's own module


def _where(journal: Journal, wanted: RunFilter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if wanted.state:
        part, more = _state(journal, wanted.state)
        parts, values = [*parts, part], [*values, *more]
    if wanted.source:
        named = "request LIKE ?"
        unnamed = " OR request NOT LIKE ?" if wanted.source == wanted.default_source else ""
        parts.append(f"({named}{unnamed})")
        values += [f'%"source": "{wanted.source}"%', *(['%"source": %'] if unnamed else [])]
    if wanted.who:
        parts.append("who = ?")
        values.append(wanted.who)
    if text := wanted.text.strip():
        columns = ("run_id", "who", "request", "COALESCE(error, '')")
        parts.append("(" + " OR ".join(f"LOWER({name}) LIKE ? ESCAPE '!'" for name in columns) + ")")
        values += [f"%{_literal(text.lower())}%"] * len(columns)
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


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
