"""``afterclose show RUN``: one run with its stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from core.cli import output
from core.errors import ParameterError, nearest
from core.journal import Journal, Run
from core.journal.lengths import took_s
from core.queries.runs.progress import attempts, bytes_by_stage, size_text
from core.request import settings


def run_named(journal: Journal, run_id: str) -> Run:
    """Return the run with this id, or with an id that begins so.

    Raises
    ------
    ParameterError
        If no run or more than one answers to it.
    """
    recent = journal.runs(limit=1000)
    found = [run for run in recent if run.run_id == run_id or run.run_id.startswith(run_id)]
    exact = journal.run(run_id)
    if exact is not None:
        return exact
    if len(found) != 1:
        raise ParameterError(
            f"{'no' if not found else 'more than one'} run is called {run_id!r}",
            expected="the id of a run, as in: afterclose runs",
            remedy=nearest(run_id, [run.run_id for run in recent]).strip(),
        )
    return found[0]


@click.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def command(*, run: str, as_json: bool) -> None:
    """Show one RUN: what was asked, how it ended, and every change of a stage's state."""
    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    found = run_named(journal, run)
    events = journal.events(found.run_id)
    if as_json:
        told = [{**asdict(event), "attempt": n} for event, n in zip(events, attempts(events), strict=True)]
        sizes = {"bytes_by_stage": bytes_by_stage(events)}
        output.as_json({**asdict(found), "seconds": took_s(found), **sizes, "events": told})
        return
    for name in ("run_id", "state", "target", "who", "how", "created_at", "started_at", "ended_at", "error"):
        click.echo(f"{name:<12}{getattr(found, name) or '-'}")
    took = took_s(found)
    click.echo(f"{'seconds':<12}{'-' if took is None else f'{took:,.2f}'}")
    made = bytes_by_stage(events)
    click.echo(f"{'size':<12}{size_text(sum(made.values())) or '-'} in {len(made)} stages")
    for name, value in found.request.items():
        click.echo(f"{'  ' + name:<12}{value}")
    rows = [
        (event.at[11:23], event.stage, event.state, attempt, event.facts.get("rows"),
         size_text(event.facts.get("bytes")), event.facts.get("seconds"), _note(event.facts)[:90])
        for event, attempt in zip(events, attempts(events), strict=True)
    ]  # fmt: skip
    output.table(("time (UTC)", "stage", "state", "attempt", "rows", "size", "seconds", "note"), rows)


def _note(facts: Mapping[str, Any]) -> str:
    wait = f"again in {facts['wait_s']:g} s: " if "wait_s" in facts else ""
    return f"{wait}{facts.get('error') or facts.get('reason') or ''}"
