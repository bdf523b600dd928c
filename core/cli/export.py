"""``afterclose export RUN``: one run as a zip."""

from __future__ import annotations

from pathlib import Path

import click

from core.cli.show import run_named
from core.journal import Journal
from core.request import settings
from core.upkeep.archive import export


@click.command("export")
@click.argument("run")
@click.option("--output", default="", metavar="FILE", help="Where the zip goes. [default: RUN.zip here]")
def command(*, run: str, output: str) -> None:
    """Write RUN's log, its checkpoints and all they rest on to a zip."""
    configured = settings.load()
    found = run_named(Journal(configured.data, configured.journal, read_only=True), run)
    target = Path(output or f"{found.run_id}.zip")
    members = export(configured, found, target)
    click.echo(f"{target}: {members:,} files, {target.stat().st_size:,} bytes")
