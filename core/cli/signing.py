"""``afterclose sign, reject, revoke, publish``: what a person decides about a report, and its proof."""

from __future__ import annotations

from typing import Any

import click

from core.cli import output
from core.cli.keys import own_key_option, signs_with
from core.cli.review import checked_digest, digest_option, options, print_record
from core.errors import listed
from core.fingerprint import sha256_file
from core.journal import Journal
from core.queries.reports.listing import find_report, profile_of_report
from core.request import settings
from core.review import signoff
from core.review.drafts import signable
from core.review.people import local_person
from core.store.checkpoints import Store


def _signed(
    report: str, profile: str, digest: str, own_key: str, *, supersedes: str = "", as_json: bool, **words: str
) -> None:
    """Sign a report and print the record; ``words`` are meaning and comment."""
    configured = settings.load()
    key = find_report(configured, report, profile)
    journal = Journal(configured.data, configured.journal)
    present = signable(Store(configured.data), journal, key)
    if supersedes:
        supersedes = find_report(configured, supersedes, profile_of_report(configured, key, profile))
    record = signoff.sign(
        configured,
        journal,
        key,
        text_sha256=checked_digest(digest, present.sha256, key),
        person=local_person(configured),
        supersedes=supersedes,
        signs=signs_with(configured, own_key),
        **words,
    )
    print_record(configured, record, profile, as_json=as_json)


@click.command("sign")
@options
@digest_option
@click.option("--meaning", type=click.Choice(("approved", "reviewed")), required=True, help="What it means.")
@click.option("--comment", default="", help="Needed while a section is unwritten.")
@click.option("--supersedes", default="", metavar="REPORT", help="The signed report whose place it takes.")
@own_key_option
def sign_report(**typed: Any) -> None:
    """Sign REPORT (the newest without one); --digest says which text you read."""
    _signed(**typed)


@click.command("reject")
@options
@digest_option
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
@own_key_option
def reject_report(**typed: Any) -> None:
    """Reject REPORT (the newest without one); --digest says which text you read."""
    _signed(**typed, meaning="rejected")


@click.command("revoke")
@options
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
@own_key_option
def revoke_signature(*, report: str, profile: str, comment: str, own_key: str, as_json: bool) -> None:
    """Revoke the signature under REPORT (the newest without one); what was published stays where it is."""
    configured = settings.load()
    key = find_report(configured, report, profile, ("signed",))
    journal = Journal(configured.data, configured.journal)
    signs, person = signs_with(configured, own_key), local_person(configured)
    record = signoff.revoke(configured, journal, key, person=person, comment=comment, signs=signs)
    print_record(configured, record, profile, as_json=as_json)


@click.command("publish")
@options
def publish_report(*, report: str, profile: str, as_json: bool) -> None:
    """Publish REPORT (the newest without one) if it is signed; doing it again changes nothing."""
    from core.review.publication import publish, put_aside

    configured = settings.load()
    key = find_report(configured, report, profile, ("signed",))
    journal, before = Journal(configured.data, configured.journal), put_aside(configured.data, key)
    folder = publish(configured, journal, key, person=local_person(configured))
    changed = [name for name in put_aside(configured.data, key) if name not in before]
    files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    if as_json:
        output.as_json(
            {
                "profile": profile_of_report(configured, key, profile),
                "report": key,
                "folder": str(folder),
                "files": files,
            }
        )
        return
    click.echo(f"report {key} is published in {folder}")
    if changed:
        click.echo(
            f"Files there had been changed; they are as they were signed. Kept in quarantine: {listed(changed)}"
        )
    room = max(map(len, files))
    for name, digest in {"file": "SHA-256", **files}.items():
        click.echo(f"{name:<{room}} {digest}")  # 80 columns: no digest is broken
