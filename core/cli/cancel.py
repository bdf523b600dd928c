"""``afterclose cancel RUN``: stop a run and all its processes."""

from __future__ import annotations

import click

from core.cli.show import run_named
from core.journal import Journal
from core.request import settings
from core.review.people import local_person
from core.runs.launcher import cancel


@click.command("cancel")
@click.argument("run")
def command(*, run: str) -> None:
    """Stop RUN: its processes are asked to end and, after five seconds, ended."""
    configured = settings.load()
    found = run_named(Journal(configured.data, configured.journal, read_only=True), run)
    stopped = cancel(configured, found.run_id, person=local_person(configured))
    click.echo(f"run {found.run_id} {'is being cancelled' if stopped else f'is over already: {found.state}'}")
