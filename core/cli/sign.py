"""``afterclose sign``: a person's signature under exactly the text that they read."""

from __future__ import annotations

import click

from core.cli.reports import digest_option, key_named, options, say_record, shown_digest
from core.journal import Journal
from core.request import settings
from core.review import signoff
from core.review.people import local_person
from core.store.checkpoints import Store


@click.command("sign")
@options
@digest_option
@click.option("--meaning", type=click.Choice(("approved", "reviewed")), required=True, help="What it means.")
@click.option("--comment", default="", help="Needed while a section is unwritten.")
@click.option("--supersedes", default="", metavar="REPORT", help="The signed report whose place it takes.")
def command(*, report: str, digest: str, meaning: str, comment: str, supersedes: str, as_json: bool) -> None:
    """Sign REPORT (the newest without one); --digest says which text you read."""
    configured = settings.load()
    key = key_named(configured, report)
    journal = Journal(configured.data, configured.journal)
    present = signoff.signable(Store(configured.data), journal, key)
    record = signoff.sign(
        configured,
        journal,
        key,
        shown=shown_digest(digest, present.sha256, key),
        person=local_person(configured),
        meaning=meaning,
        comment=comment,
        supersedes=key_named(configured, supersedes) if supersedes else "",
    )
    say_record(record, as_json=as_json)
