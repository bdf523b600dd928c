"""``afterclose backup FILE``: journal, models, drafts, signatures and what they rest on."""

from __future__ import annotations

from pathlib import Path

import click

from core.request import settings
from core.review.people import local_person
from core.upkeep.archive import backup


@click.command("backup")
@click.argument("file")
@click.option(
    "--with-key", is_flag=True, help="Also the desk's private key (role admin); keep FILE safe then."
)
def command(*, file: str, with_key: bool) -> None:
    """Write the journal and everything that drafts and signed reports rest on to the zip FILE."""
    configured = settings.load()
    asked = local_person(configured) if with_key else None
    members = backup(configured, Path(file), private_key_by=asked)
    if with_key:
        Path(file).chmod(0o600)
    click.echo(f"{file}: {members:,} files, {Path(file).stat().st_size:,} bytes")
