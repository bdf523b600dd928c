"""``afterclose revoke``: a person takes a signature back."""

from __future__ import annotations

import click

from core.cli.reports import key_named, options, say_record
from core.journal import Journal
from core.request import settings
from core.review import signoff
from core.review.people import local_person


@click.command("revoke")
@options
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
def command(*, report: str, comment: str, as_json: bool) -> None:
    """Revoke the signature under REPORT (the newest without one); what was published stays where it is."""
    configured = settings.load()
    key = key_named(configured, report)
    journal = Journal(configured.data, configured.journal)
    record = signoff.revoke(configured, journal, key, person=local_person(configured), comment=comment)
    say_record(record, as_json=as_json)
