"""The journal: what happened, written by runs, read by the desk and the terminal."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.errors import AftercloseError
from core.journal import heartbeats
from core.journal.cells import sound
from core.journal.contents import facts_of
from core.journal.faults import readable
from core.journal.records import REQUEST, KeyReplacedError, Records, Signing
from core.journal.runs_and_drafts import (
    ACTIVE,
    EARLIER_NAMES,
    PROCESS_GONE,
    RUN_COLUMNS,
    SILENT,
    STARTER_GONE,
    Event,
    Run,
    run_of,
    utc_now,
)
from core.platform.processes import ProcessId, boot_id, since_boot_s

AT_WORK = ("started", "retried", "waiting", "retained")
"""Last events of a stage that somebody works at, or waits for."""


class Journal(Records):
    """One journal; safe from several threads and processes. Each call is one transaction."""

    # ---- runs

    def add_run(
        self,
        run_id: str,
        *,
        who: str,
        how: str,
        request: Mapping[str, str],
        target: str,
        state: str,
        process: ProcessId | None = None,
        profile: str = "",
        signing: Signing | None = None,
    ) -> str | None:
        """Record a run before anything of it happens; a run id that is there already stays as it is.

        With ``signing`` a new one has a record in the chain: who asked for what. Returns why it has none, which
        stops no run.

        Raises
        ------
        KeyReplacedError
            If the key is another one by now; nothing is recorded then.
        """
        content = {"at_utc": utc_now(), "who": who, "how": how, "request": dict(request), "target": target}
        content |= {"profile": profile} if profile else {}
        values = [run_id, content["at_utc"], who, how, json.dumps(dict(request)), target]
        led_by = [process.pid, process.started_ticks, process.boot_id] if process else [None, None, None]
        trouble = None
        with self._transaction():
            there = list(self._execute("SELECT 1 FROM run WHERE run_id = ?", [run_id]))
            if signing is not None and not there:
                try:
                    self._record(REQUEST, run_id, content, signing)
                except KeyReplacedError:
                    raise
                except AftercloseError as error:
                    trouble = str(error)
            self._execute(
                "INSERT INTO run (run_id, created_at, who, how, request, target, keys, state, profile, host, "
                "pid, pid_started, boot_id) VALUES (?, ?, ?, ?, ?, ?, '{}', ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (run_id) DO NOTHING",
                [*values, state, profile or None, socket.gethostname(), *led_by],
            )
            heartbeats.record(self._database, self._execute, run_id)
        return trouble

    def heartbeat(self, run_id: str) -> None:
        """Record that the run is alive, for other hosts; see ``core.journal.heartbeats``."""
        with self._transaction():
            heartbeats.record(self._database, self._execute, run_id)

    def lead(self, run_id: str, process: ProcessId) -> bool:
        """Record which process leads the run, unless one does already (a supervisor); return whether this one does.

        A run that is over, or was given up because whoever started it was gone, is led by nobody any more.
        """
        leader = (process.pid, process.started_ticks, process.boot_id)
        with self._transaction():
            self._execute(
                "UPDATE run SET pid = ?, pid_started = ?, boot_id = ? "
                "WHERE run_id = ? AND pid IS NULL AND state IN (?, ?)",
                [*leader, run_id, *ACTIVE],
            )
            sql = "SELECT pid, pid_started, boot_id FROM run WHERE run_id = ? AND state IN (?, ?)"
            return [tuple(row) for row in self._execute(sql, [run_id, *ACTIVE])] == [leader]

    def give_up(self, run_id: str) -> None:
        """Record that a run never began whose starter is gone; one that a process leads goes on.

        This and :meth:`lead` exclude each other: a supervisor that comes late is not led in.
        """
        with self._transaction():
            self._execute(
                "UPDATE run SET state = 'interrupted', error = ?, ended_at = ? "
                "WHERE run_id = ? AND pid IS NULL AND state = 'queued'",
                [STARTER_GONE, utc_now(), run_id],
            )

    def start(self, run_id: str, keys: Mapping[str, str], *, stages: Iterable[str] = ()) -> None:
        """Record that the run has a plan and goes, and that ``stages`` are to come, in that order."""
        with self._transaction():
            self._execute(
                "UPDATE run SET state = 'running', started_at = ?, started_s = ?, "
                "boot_id = COALESCE(boot_id, ?), keys = ? WHERE run_id = ?",
                [utc_now(), since_boot_s(), boot_id(), json.dumps(dict(keys)), run_id],
            )
            for stage in stages:
                self._add_event(run_id, stage, "queued", {})

    def rekey(self, run_id: str, keys: Mapping[str, str], session: str | None = None) -> None:
        """Record the keys the run went on with (a kept model changes those after training), and its last session."""
        with self._transaction():
            self._execute(
                "UPDATE run SET keys = ?, session = COALESCE(?, session) WHERE run_id = ?",
                [json.dumps(dict(keys)), session, run_id],
            )

    def take_over(self, run_id: str, profile: str, session: str | None) -> None:
        """Record the profile and the last session of a run older than profiles."""
        with self._transaction():
            self._execute(
                "UPDATE run SET profile = ?, session = COALESCE(session, ?) WHERE run_id = ? AND profile IS NULL",
                [profile, session, run_id],
            )

    def without_profile(self) -> list[Run]:
        """Return the runs that nobody has given a profile yet, oldest first: all of them before profiles."""
        return self._runs("WHERE profile IS NULL ORDER BY seq", [])

    def end(self, run_id: str, state: str, exit_code: int | None, error: str | None) -> None:
        """Record how the run ended. The first error recorded stays, unless it is that the run was silent.

        Its length is by the seconds since the machine started, which go on while it sleeps and are the same for all
        its processes: setting the clock does not change it. A run whose machine was restarted meanwhile has none.
        """
        with self._transaction():
            self._execute(
                "UPDATE run SET state = ?, ended_at = ?, exit_code = ?, "
                "error = COALESCE(NULLIF(error, ?), ?), "
                "seconds = CASE WHEN boot_id = ? THEN ? - started_s ELSE seconds END WHERE run_id = ?",
                [state, utc_now(), exit_code, SILENT, error, boot_id(), since_boot_s(), run_id],
            )
            self._end_stages(run_id, "cancelled" if state == "cancelled" else "interrupted")

    def _end_stages(self, run_id: str, state: str) -> None:
        """Record how stages ended that were at work when their run ended: nobody else is left to say it."""
        sql = "SELECT stage, state FROM event WHERE run_id = ? AND state <> 'quarantined' ORDER BY seq"
        last = dict(list(self._execute(sql, [run_id])))
        for stage, event in last.items():
            if event in AT_WORK:
                self._add_event(run_id, stage, state, {})

    def reused(self, run_id: str, facts_by_stage: Mapping[str, Mapping[str, Any]]) -> None:
        """Record stages that were there already, all at once."""
        with self._transaction():
            for stage, facts in facts_by_stage.items():
                self._add_event(run_id, stage, "reused", facts)

    def _add_event(self, run_id: str, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        self._execute(
            "INSERT INTO event (run_id, at, stage, state, facts) VALUES (?, ?, ?, ?, ?)",
            [run_id, utc_now(), stage, state, json.dumps(dict(facts), default=str)],
        )

    def event(self, run_id: str, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Record that a stage changed its state; the first failure becomes the run's error."""
        with self._transaction():
            self._add_event(run_id, stage, state, facts)
            if state in ("failed", "busy"):
                reason = facts.get("error") or facts.get("reason") or state
                self._execute(
                    "UPDATE run SET error = COALESCE(error, ?) WHERE run_id = ?",
                    [f"{stage}: {reason}", run_id],
                )

    def run(self, run_id: str) -> Run | None:
        """Return one run, None if there is none."""
        runs = self._runs("WHERE run_id = ?", [run_id])
        return runs[0] if runs else None

    def _runs(self, rest: str, values: Sequence[Any]) -> list[Run]:
        rows = self._select(f"{RUN_COLUMNS}, {heartbeats.column(self._database)}", "run", rest, values)
        with readable():
            return [run_of(row) for row in rows]

    def runs(self, *, limit: int = 50, offset: int = 0, profile: str = "") -> list[Run]:
        """Return runs, newest first; where a profile is named those recorded under it, or under none yet."""
        where, values = ("WHERE (profile = ? OR profile IS NULL) ", [profile]) if profile else ("", [])
        return self._runs(f"{where}ORDER BY seq DESC LIMIT ? OFFSET ?", [*values, limit, offset])

    def active_runs(self) -> list[Run]:
        """Return runs that are not over, newest first."""
        return [run for run in self._unended() if run.active]

    def _unended(self) -> list[Run]:
        # spelled out: the index of such runs serves only a condition that is known beforehand
        return self._runs("WHERE state IN ('queued', 'running') ORDER BY seq DESC", [])

    def settle(self, *, unled: bool = False) -> list[str]:
        """Write down that runs whose process is gone, or whose host is silent, were interrupted; return their ids.

        Parameters
        ----------
        unled : bool
            Also those of this host that no process ever led: for callers who know that nobody is just starting one.
        """
        here = socket.gethostname()
        unended = self._unended()
        never_began = [
            run for run in unended if unled and run.active and run.process is None and run.host == here
        ]
        for run in never_began:
            self.give_up(run.run_id)
        lost = [run for run in unended if not run.active]
        for run in lost:
            with self._transaction():
                self._execute(
                    "UPDATE run SET state = 'interrupted', error = COALESCE(error, ?), "
                    "ended_at = (SELECT MAX(at) FROM event WHERE event.run_id = run.run_id) "
                    "WHERE run_id = ? AND state IN (?, ?)",
                    [run.error or PROCESS_GONE, run.run_id, *ACTIVE],
                )
                self._end_stages(run.run_id, "interrupted")
        return [run.run_id for run in [*never_began, *lost]]

    def successes(self, most: int) -> list[Run]:
        """Return the last successful runs, newest first."""
        return self._runs("WHERE state IN ('succeeded', 'waiting') ORDER BY seq DESC LIMIT ?", [most])

    def report_keys(self) -> set[str]:
        """Return the keys of all reports that have a draft or a record: signed, in review, sent back, commented on."""
        about = "kind IN ('signature', 'review', 'comment')"
        sql = f"SELECT report_key FROM draft UNION SELECT subject FROM record WHERE {about}"  # noqa: S608 - constants
        return {str(key) for (key,) in self._read(sql)}

    def count_runs(self) -> int:
        """Return how many runs there are."""
        return int(self._read("SELECT COUNT(*) FROM run")[0][0])

    def events(self, run_id: str) -> list[Event]:
        """Return a run's stage events in order."""
        return self._events("run_id = ?", [run_id])

    def events_of(self, run_ids: Sequence[str]) -> dict[str, list[Event]]:
        """Return the stage events of several runs, each run's in order, by run id; none for one without any."""
        by_run: dict[str, list[Event]] = {run_id: [] for run_id in run_ids}
        if by_run:
            for event in self._events(f"run_id IN ({', '.join('?' * len(by_run))})", list(by_run)):
                by_run[event.run_id].append(event)
        return by_run

    def moment(self) -> tuple[int, int, int]:
        """Return three numbers of which one grows with whatever is added: runs, events of stages, records."""
        counts = "(SELECT COUNT(*) FROM run), (SELECT MAX(seq) FROM event), (SELECT MAX(seq) FROM record)"
        runs, events, records = self._read(f"SELECT {counts}")[0]
        return int(runs), int(events or 0), int(records or 0)

    def completions(self, stage: str) -> list[Event]:
        """Return what every run said when it had made a stage, the oldest first."""
        return self._events("stage = ? AND state = 'succeeded'", [stage])

    def judge_facts(self) -> None:
        """Raise if what any stage said is not what was written; nothing of it is kept."""
        with readable():
            for (facts,) in self._read("SELECT facts FROM event ORDER BY seq", []):
                facts_of(facts)

    def _events(self, condition: str, values: Sequence[Any]) -> list[Event]:
        columns = "seq, run_id, at, stage, state, facts"
        rows = self._read(
            f"SELECT {columns} FROM event WHERE {condition} ORDER BY seq",  # noqa: S608 - constants
            values,
        )
        with readable():
            return [
                sound(Event(seq, run, at, stage, EARLIER_NAMES.get(state, state), facts_of(facts)))
                for seq, run, at, stage, state, facts in rows
            ]
