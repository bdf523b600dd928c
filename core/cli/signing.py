"""``afterclose sign, reject, revoke, publish, keys``: what a person decides about a report, and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from core.cli import output
from core.cli.review import digest_option, options, print_record, seen_digest
from core.errors import MissingFileError
from core.fingerprint import sha256_file
from core.journal import Journal, Record
from core.queries.reports.listing import profile_of_report, report_meant
from core.request import settings
from core.review import keys, signoff
from core.review.ledger_check import trust_in
from core.review.people import local_person
from core.store.checkpoints import Store


@click.command("sign")
@options
@digest_option
@click.option("--meaning", type=click.Choice(("approved", "reviewed")), required=True, help="What it means.")
@click.option("--comment", default="", help="Needed while a section is unwritten.")
@click.option("--supersedes", default="", metavar="REPORT", help="The signed report whose place it takes.")
def sign_report(
    *, report: str, profile: str, digest: str, meaning: str, comment: str, supersedes: str, as_json: bool
) -> None:
    """Sign REPORT (the newest without one); --digest says which text you read."""
    configured = settings.load()
    key = report_meant(configured, report, profile)
    journal = Journal(configured.data, configured.journal)
    present = signoff.signable(Store(configured.data), journal, key)
    profile = profile_of_report(configured, key, profile)
    record = signoff.sign(
        configured,
        journal,
        key,
        text_sha256=seen_digest(digest, present.sha256, key),
        person=local_person(configured),
        meaning=meaning,
        comment=comment,
        supersedes=report_meant(configured, supersedes, profile) if supersedes else "",
    )
    print_record(configured, record, profile, as_json=as_json)


@click.command("reject")
@options
@digest_option
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
def reject_report(*, report: str, profile: str, digest: str, comment: str, as_json: bool) -> None:
    """Reject REPORT (the newest without one); --digest says which text you read."""
    configured = settings.load()
    key = report_meant(configured, report, profile)
    journal = Journal(configured.data, configured.journal)
    present = signoff.signable(Store(configured.data), journal, key)
    text_sha256 = seen_digest(digest, present.sha256, key)
    person = local_person(configured)
    record = signoff.reject(configured, journal, key, text_sha256=text_sha256, person=person, comment=comment)
    print_record(configured, record, profile, as_json=as_json)


@click.command("revoke")
@options
@click.option("--comment", required=True, help="Why, in a sentence; it is kept with the record.")
def revoke_signature(*, report: str, profile: str, comment: str, as_json: bool) -> None:
    """Revoke the signature under REPORT (the newest without one); what was published stays where it is."""
    configured = settings.load()
    key = report_meant(configured, report, profile, ("signed",))
    journal = Journal(configured.data, configured.journal)
    record = signoff.revoke(configured, journal, key, person=local_person(configured), comment=comment)
    print_record(configured, record, profile, as_json=as_json)


@click.command("publish")
@options
def publish_report(*, report: str, profile: str, as_json: bool) -> None:
    """Publish REPORT (the newest without one) if it is signed; doing it again changes nothing."""
    from core.review.publication import publish

    configured = settings.load()
    key = report_meant(configured, report, profile, ("signed",))
    journal = Journal(configured.data, configured.journal)
    folder = publish(configured, journal, key, person=local_person(configured))
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
    output.table(("file", "SHA-256"), list(files.items()))


@click.group("keys", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def list_keys(ctx: click.Context, *, as_json: bool) -> None:
    """List the public keys and which of them count; rotate, admit or renew changes that."""
    if ctx.invoked_subcommand is not None:
        return
    configured = settings.load()
    current = keys.in_use(configured)
    trust = trust_in(configured)
    rows = [
        {
            "id": identity,
            "in_use": current is not None and current.id == identity,
            "counts": trust.proves(identity),
            "file": str(path),
        }
        for identity, path in keys.public_key_files(configured.data).items()
    ]
    if as_json:
        output.as_json({"keys": rows})
    elif rows:
        output.table(
            ("key", "", "public half"),
            [(r["id"], _use(r), r["file"]) for r in rows],
        )
    else:
        click.echo("no key yet; the first record makes one")


def _use(row: Mapping[str, object]) -> str:
    return f"{'in use, ' if row['in_use'] else ''}{'counts' if row['counts'] else 'does not count'}"


@list_keys.command("rotate")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the record.")
@output.json_option("Print key and record as JSON.")
def rotate_key(*, why: str, as_json: bool) -> None:
    """Make a new key for the desk (role admin); what was published under the old one stays verifiable."""
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    key, record = keys.rotate(configured, journal, person=local_person(configured), why=why)
    _answer_key(key.id, "is in use", record, as_json=as_json)


def _answer_key(identity: str, what: str, record: Record, *, as_json: bool) -> None:
    sentence = f"key {identity} {what}; recorded as {record.seq}"
    output.answer({"key": identity, "record": asdict(record)}, sentence, json_wanted=as_json)


@list_keys.command("admit")
@click.argument("public", metavar="PUBLIC.pem", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="Whose it is, in a sentence; it is kept with the record.")
@output.json_option("Print key and record as JSON.")
def admit_key(*, public: Path, why: str, as_json: bool) -> None:
    """Let the key of another machine that uses this journal count, too (role admin)."""
    configured = settings.load()
    if not public.is_file():
        raise MissingFileError.of(public, "public key")
    journal = Journal(configured.data, configured.journal)
    person = local_person(configured)
    key, record = keys.admit(configured, journal, public.read_bytes(), person=person, why=why)
    _answer_key(key.id, "counts", record, as_json=as_json)


@list_keys.command("renew")
@click.option(
    "--why", required=True, help="What was lost and how, in a sentence; everybody who verifies sees it."
)
@output.json_option("Print key and record as JSON.")
def renew_key(*, why: str, as_json: bool) -> None:
    """Begin signing anew where the private key or the journal is lost (role admin); verify says so from then on."""
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    key, record = keys.renew(configured, journal, person=local_person(configured), why=why)
    _answer_key(key.id, "is in use", record, as_json=as_json)
