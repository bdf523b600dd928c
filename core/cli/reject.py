"""``afterclose reject``: a person refuses a report, and says why."""

from __future__ import annotations

import click

from core.cli.reports import digest_option, key_named, options, say_record, shown_digest
from core.journal import Journal
from core.request import settings
from core.review import signoff
from core.review.people import local_person
from core.store.checkpoints import Store


@click.command("reject")
@options
@digest_option
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
def command(*, report: str, digest: str, comment: str, as_json: bool) -> None:
    """Reject REPORT (the newest without one); --digest says which text you read."""
    configured = settings.load()
    key = key_named(configured, report)
    journal = Journal(configured.data, configured.journal)
    present = signoff.signable(Store(configured.data), journal, key)
    shown = shown_digest(digest, present.sha256, key)
    person = local_person(configured)
    record = signoff.reject(configured, journal, key, shown=shown, person=person, comment=comment)
    say_record(record, as_json=as_json)
