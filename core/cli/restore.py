"""``afterclose restore FILE``: bring a backup back."""

from __future__ import annotations

from pathlib import Path

import click

from core.request import settings
from core.review.people import local_person
from core.upkeep.archive import restore


@click.command("restore")
@click.argument("file")
def command(*, file: str) -> None:
    """Bring back what the zip FILE holds; files that are there already stay as they are."""
    configured = settings.load()
    came, there = restore(configured, Path(file), person=local_person(configured))
    click.echo(f"{came:,} files restored, {there:,} were there already")
