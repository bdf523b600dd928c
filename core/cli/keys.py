"""``afterclose keys``: the desk's keys, which of them count, and people's own keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import MissingFileError
from core.journal import Journal, Record
from core.paths import typed_path
from core.request import settings
from core.request.settings import Settings
from core.review import keys
from core.review.ledger_check import trust_in
from core.review.people import local_person
from core.review.sealed import TAKEN_RUNS
from core.seals.desk import public_key_files
from core.seals.keypair import PublicKey

F = TypeVar("F", bound=Callable[..., Any])


def own_key_option(function: F) -> F:
    """Add the option that names the key of the person at this terminal."""
    return click.option(
        "--own-key",
        default="",
        metavar="FILE",
        help="Your OpenSSH key, where you registered one. [default: [user] own_key]",
    )(function)


def signs_with(configured: Settings, own_key: str) -> Callable[[str], str] | None:
    """Return what signs with the person's own key, None where none is named."""
    from core.review.openssh import signature_by

    file = typed_path(own_key) if own_key else configured.file_named("user_own_key")
    return partial(signature_by, file) if file else None


@click.group("keys", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@paged
@click.pass_context
def list_keys(ctx: click.Context, *, as_json: bool) -> None:
    """List the public keys and which of them count; rotate, admit, retire or renew changes that."""
    if ctx.invoked_subcommand is not None:
        return
    configured = settings.load()
    current = keys.in_use(configured)
    trust = trust_in(configured)
    rows = [
        {
            "id": identity,
            "in_use": current is not None and current.id == identity,
            "counts": trust.proves(identity) and identity not in trust.retired,
            "rotated_out": trust.retired.get(identity),
            "file": str(path),
        }
        for identity, path in public_key_files(configured.data).items()
    ]
    people = _people(configured)
    if as_json:
        output.as_json({"keys": rows, "people": people})
        return
    if rows:
        output.table(
            ("key", "", "public half"),
            [(r["id"], _use(r), r["file"]) for r in rows],
        )
    else:
        click.echo("no key yet; the first record makes one")
    if people:
        click.echo()
        output.table(tuple(people[0]), [tuple(entry.values()) for entry in people])


def _people(configured: Settings) -> list[dict[str, Any]]:
    """Return people's own keys, oldest first."""
    from core.review.registering import registered

    journal = Journal.find(configured.data, configured.journal)
    entries = registered(journal).entries if journal else ()
    return [
        {
            "person": entry.who,
            "own_key": entry.key.fingerprint,
            "since": entry.at_utc[:10],
            "record": entry.record,
            "state": f"withdrawn by {entry.withdrawn}" if entry.withdrawn else "in force",
        }
        for entry in entries
    ]


def _use(row: Mapping[str, object]) -> str:
    if row["rotated_out"]:
        return f"rotated out by record {row['rotated_out']}"
    return f"{'in use, ' if row['in_use'] else ''}{'counts' if row['counts'] else 'does not count'}"


@list_keys.command("rotate")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the record.")
@output.json_option("Print key and record as JSON.")
def rotate_key(*, why: str, as_json: bool) -> None:
    """Make a new key for the desk (role admin); what was published under the old one stays verifiable."""
    _make_anew(keys.rotate, why, as_json=as_json)


def _make_anew(act: Callable[..., tuple[PublicKey, Record]], why: str, *, as_json: bool) -> None:
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    key, record = act(configured, journal, person=local_person(configured), why=why)
    _answer_key(key.id, "is in use", record, as_json=as_json)
    _say_taken(journal, record, as_json=as_json)


def _answer_key(identity: str, what: str, record: Record, *, as_json: bool) -> None:
    sentence = f"key {identity} {what}; recorded as {record.seq}"
    output.answer({"key": identity, "record": asdict(record)}, sentence, json_wanted=as_json)


def _say_taken(journal: Journal, record: Record, *, as_json: bool) -> None:
    """Print which runs a record takes as they stand: whose they are is what their rows say, and nobody signed it."""
    for run_id in () if as_json else record.content.get(TAKEN_RUNS) or ():
        run = journal.run(run_id)
        if run is not None:
            click.echo(
                f"takes run {run_id} as it stands: {run.who}, {run.how}, {run.created_at}, {run.target}"
            )


@list_keys.command("admit")
@click.argument("public", metavar="PUBLIC.pem", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="Whose it is, in a sentence; it is kept with the record.")
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="RUN",
    help="Id of a run without a record of who asked for it, to count as it stands; may be given again.",
)
@output.json_option("Print key and record as JSON.")
def admit_key(*, public: Path, why: str, runs: tuple[str, ...], as_json: bool) -> None:
    """Let the key of another machine that uses this journal count, too (role admin)."""
    configured = settings.load()
    MissingFileError.unless_file(public, "public key")
    journal = Journal(configured.data, configured.journal)
    person = local_person(configured)
    pem, name = public.read_bytes(), public.name
    key, record = keys.admit(configured, journal, pem, person=person, why=why, runs=runs, name=name)
    _answer_key(key.id, "counts", record, as_json=as_json)
    _say_taken(journal, record, as_json=as_json)


@list_keys.command("retire")
@click.argument("key")
@click.option("--why", required=True, help="What became of it, in a sentence; it is kept with the record.")
@output.json_option("Print key and record as JSON.")
def retire_key(*, key: str, why: str, as_json: bool) -> None:
    """Take KEY out of use, which is not this machine's: of one that was stolen, or was lost (role admin)."""
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    retired_key, record = keys.retire(configured, journal, key, person=local_person(configured), why=why)
    _answer_key(retired_key.id, "counts no more", record, as_json=as_json)


@list_keys.command("renew")
@click.option(
    "--why", required=True, help="What was lost and how, in a sentence; everybody who verifies sees it."
)
@output.json_option("Print key and record as JSON.")
def renew_key(*, why: str, as_json: bool) -> None:
    """Begin signing anew where the private key or the journal is lost (role admin); verify says so from then on."""
    _make_anew(keys.renew, why, as_json=as_json)


@list_keys.command("register")
@click.argument("file", metavar="KEY", type=click.Path(path_type=Path))
@click.option("--why", default="", help="In a sentence; it is kept with the record.")
@click.option("--earlier", default="", metavar="FILE", help="Your key in force, whose place this one takes.")
@output.json_option("Print key and record as JSON.")
def register_key(*, file: Path, why: str, earlier: str, as_json: bool) -> None:
    """Register your own OpenSSH key (Ed25519): from then on nothing is signed in your name without it."""
    from core.review.openssh import signature_by
    from core.review.registering import register

    configured = settings.load()
    file = typed_path(file)
    public = file if file.suffix == ".pub" else file.with_name(f"{file.name}.pub")
    MissingFileError.unless_file(public, "public half of a key")
    signs = [partial(signature_by, path) for path in (file, *([typed_path(earlier)] if earlier else []))]
    record = register(
        configured,
        Journal(configured.data, configured.journal),
        public.read_text(encoding="utf-8", errors="replace"),
        person=local_person(configured),
        why=why,
        signs=signs,
    )
    if not as_json:
        click.echo(f"sign with: --own-key {file}, or own_key = {file} under [user] in luigi.cfg")
    _answer_key(record.content["fingerprint"], f"is that of {record.subject}", record, as_json=as_json)


@list_keys.command("withdraw")
@click.argument("fingerprint", metavar="SHA256:...")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the record.")
@own_key_option
@output.json_option("Print key and record as JSON.")
def withdraw_key(*, fingerprint: str, why: str, own_key: str, as_json: bool) -> None:
    """Take a person's own key out of use: your own with that key, anybody's as an admin."""
    from core.review.registering import withdraw

    configured = settings.load()
    record = withdraw(
        configured,
        Journal(configured.data, configured.journal),
        fingerprint,
        person=local_person(configured),
        why=why,
        signs=signs_with(configured, own_key),
    )
    _answer_key(fingerprint, f"of {record.subject} is out of use", record, as_json=as_json)
