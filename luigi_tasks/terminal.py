"""What a run shows on the terminal: a line per stage, a bar for long work, then the report.

Lines go to standard error and the report to standard output, so that ``> report.txt`` does what it says. A terminal
gets the first page: what is beyond a screen's length would push it out of sight.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import AftercloseError, listed
from core.paths import StoragePath
from core.platform.causes import sentence
from core.platform.progress import Progress
from core.prices.rule_summaries import rule_summaries

if TYPE_CHECKING:
    from core.runs.plan import StagePlan
    from core.runs.record import RunRecord
    from core.store.checkpoints import Store

BAR_AFTER_S = 2.0
"""A stage that takes longer than this shows a progress bar (only on a terminal)."""

MOST_FINDINGS = 20


class Terminal:
    """Prints the states of stages as they change."""

    has_failure = False
    """Whether a stage's failure was printed."""

    def stage(self, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Print one line; "started" is left to the progress bar."""
        if state == "started":
            return
        if state == "failed":
            self._failed(stage, facts)
            return
        word = "done" if state == "succeeded" else state
        say(f"{stage:<17} {word:<8} {_details(facts)}")

    def lacks(self, error: BaseException) -> bool:
        """Return whether an error of a stage was not printed: where memory ran out, what prints it may have failed."""
        return isinstance(error, Exception) and not (self.has_failure or isinstance(error, AftercloseError))

    def progress(self, stage: str) -> Progress:
        """Return a callback that draws a bar once the work has taken a while."""
        began = time.monotonic()

        def show(done: int, total: int) -> None:
            if sys.stderr.isatty() and time.monotonic() - began > BAR_AFTER_S and total:
                filled = 30 * done // total
                end = "\r" if done < total else "\r\033[K"
                bar = f"{stage:<17} {'█' * filled}{'░' * (30 - filled)} {done}/{total}"
                print(bar, end=end, file=sys.stderr, flush=True)  # noqa: T201 - the terminal is its purpose

        return show

    def _failed(self, stage: str, facts: Mapping[str, Any]) -> None:
        self.has_failure = True
        say(f"{stage:<17} failed   {_reason(facts['exception'])}")
        errors = [f for f in facts.get("findings_found", ()) if f["severity"] == "error"]
        for finding in errors[:MOST_FINDINGS]:
            where = " ".join(str(finding[k]) for k in ("ticker", "date") if finding[k] is not None)
            say(
                f"  {finding['rule']:<24} {where:<20} {finding['value']!s:<16} expected {finding['expected']}"
            )
        if len(errors) > MOST_FINDINGS:
            say(f"  and {len(errors) - MOST_FINDINGS} more")
        for each in rule_summaries(errors):
            say(f"  what to do about {each.rule}: {each.action}")
            for line in each.lines:
                say(f"    {line}")
        if facts.get("findings_path"):
            say(f"  all findings: {facts['findings_path']}")

    def finish(self, record: RunRecord, store: Store, plan: StagePlan | None) -> None:
        """Print what came of the run: the report of ``plan`` and where it is, or (None) where the log is."""
        _say_troubles(record)
        if plan is None:
            _say_unfinished(record)
            return
        if record.nothing_to_do:
            stages = listed([p.slot.stage for p in plan.line()])
            say(f"nothing to do: complete and verified are {stages}")
        folder = store.folder(plan.slot)
        if plan.stage.name == "report":
            text = store.read(plan.slot, "report.txt").decode()
            if sys.stdout.isatty():
                from core.report.narrative import first_page

                text = first_page(text) or text
            print(text, end="", flush=True)  # noqa: T201 - the report is the product
        meta = store.meta(plan.slot)
        # a large table is Parquet: only the checkpoint knows the name
        name = next(iter(meta.artifacts)) if meta else plan.stage.writes[0].filename
        say(f"{plan.stage.name}: {folder / name}")

    def finish_publication(
        self, record: RunRecord, report_key: str, folder: StoragePath | None, *, waiting_for: str
    ) -> None:
        """Print where the signed document is, or what the report waits for."""
        _say_troubles(record)
        if folder is not None:
            say(f"published: {folder}")
        elif waiting_for:
            say(
                f"report {report_key} waits for a person: {waiting_for}. "
                "Open the desk (make dashboard), read it and sign it, then publish again."
            )
        else:
            _say_unfinished(record)

    def note(self, words: str) -> None:
        """Print what whoever started the run should know of it."""
        say(f"afterclose: {words}")

    def notice_not_sent(self, trouble: str | None) -> None:
        """Print which notice of the run's end was not sent."""
        if trouble:
            say(f"afterclose: {trouble}")


def _reason(error: BaseException) -> str:
    """Return an error in one sentence: what this machine lacks under its own name, with the remedy."""
    if isinstance(error, AftercloseError):
        return str(error)
    unnamed = str(error) if isinstance(error, OSError) else f"unexpected {type(error).__name__}: {error}"
    return sentence(error) or unnamed


def _say_unfinished(record: RunRecord) -> None:
    # a root that cannot be written has no log to point to; the reason was printed before
    where = f"; the log is {record.log.path}" if record.log.path.is_file() else ""
    say(f"not finished{where}")


def _say_troubles(record: RunRecord) -> None:
    if record.lost is not None:
        say(record.lost)
    if record.log.unwritable is not None:
        reason = record.log.unwritable.strerror
        say(f"this run was not recorded: {record.log.folder} cannot be written ({reason})")
    elif record.trouble is not None:
        say(f"this run is not in the journal: {record.trouble}")
    elif record.unsigned is not None:
        say(f"who asked for this run is not in the ledger: {record.unsigned}")


def _details(facts: Mapping[str, Any]) -> str:
    parts = []
    if facts.get("rows") is not None:
        parts.append(f"{facts['rows']:>10,} rows")
    else:
        parts.append(" " * 15)
    if "seconds" in facts:
        parts.append(f"{facts['seconds']:7.2f} s")
    parts += [
        f"{name} {facts[name]}"
        for name in ("holder", "reason", "wait_s", "verdict", "advice")
        if name in facts
    ]
    return " ".join(parts).rstrip()


def say(line: str) -> None:
    """Print one line for the operator."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the terminal is its purpose
