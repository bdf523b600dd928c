"""``afterclose backup FILE``: journal, models, drafts, signatures and what they rest on."""

from __future__ import annotations

from pathlib import Path

import click

from core import settings
from core.store.archive import backup


@click.command("backup")
@click.argument("file")
def command(*, file: str) -> None:
    """Write the journal and everything that drafts and signed reports rest on to the zip FILE."""
    members = backup(settings.load(), Path(file))
    click.echo(f"{file}: {members:,} files, {Path(file).stat().st_size:,} bytes")
