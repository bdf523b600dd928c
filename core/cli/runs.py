"""``afterclose runs``: what ran, newest first."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.journal import Journal
from core.journal.lengths import took_s
from core.request import settings


@click.command("runs")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
def command(*, limit: int, as_json: bool) -> None:
    """List runs, newest first, however they were started."""
    configured = settings.load()
    lost = Journal.lost(configured.data, configured.journal)
    if lost:
        click.echo(f"afterclose: {lost}", err=True)
    there = Journal.exists(configured.data, configured.journal)
    runs = Journal(configured.data, configured.journal, read_only=True).runs(limit=limit) if there else []
    if as_json:
        output.as_json([asdict(run) for run in runs])
    elif not runs and not lost:
        click.echo(f"no runs yet in {configured.data}; start one with: afterclose run (the built-in sample)")
    elif runs:
        rows = [
            (r.run_id, r.state, r.target, r.how, r.who, took_s(r), r.exit_code, (r.error or "")[:60])
            for r in runs
        ]
        output.table(("run", "state", "target", "how", "who", "seconds", "exit", "error"), rows)
