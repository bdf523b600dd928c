"""``afterclose publish``: write what was signed in forms that can leave the desk."""

from __future__ import annotations

import click

from core.cli import output
from core.cli.reports import key_named, options
from core.fingerprint import sha256_file
from core.journal import Journal
from core.request import settings
from core.review.people import local_person
from core.review.publication import publish


@click.command("publish")
@options
def command(*, report: str, as_json: bool) -> None:
    """Publish REPORT (the newest without one) if it is signed; doing it again changes nothing."""
    configured = settings.load()
    key = key_named(configured, report)
    journal = Journal(configured.data, configured.journal)
    folder = publish(configured, journal, key, person=local_person(configured))
    files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    if as_json:
        output.as_json({"report": key, "folder": str(folder), "files": files})
        return
    click.echo(f"report {key} is published in {folder}")
    output.table(("file", "SHA-256"), list(files.items()))
