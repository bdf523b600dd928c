"""``afterclose review``: read a report and where it stands; save a text, submit it, ask for changes.

Also what the commands of sign-off share: which report is meant, and how a record is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import CommandError, MissingFileError, ParameterError
from core.journal import Journal, Record
from core.queries.reports.listing import find_report, profile_of_report, reports
from core.request import settings
from core.request.settings import Settings

if TYPE_CHECKING:
    from core.review.standing import Standing

F = TypeVar("F", bound=Callable[..., Any])
DIGEST_CHARACTERS = 32
"""Of a digest that names a text, at least: who writes two texts on purpose makes 12 digits of them alike in seconds."""


def options(function: F) -> F:
    """Add the argument REPORT and the options ``--profile`` and ``--json``."""
    with_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")(function)
    with_profile = output.profile_option(
        "Whose newest report. [default: the only profile, or the one waiting]"
    )(with_json)
    return click.argument("report", default="")(with_profile)


def digest_option(function: F) -> F:
    """Add the option that says which text was read."""
    return click.option(
        "--digest",
        default="",
        metavar="HEX",
        help=f"SHA-256 of the text you read, or its first {DIGEST_CHARACTERS} characters.",
    )(function)


def checked_digest(typed: str, present: str, key: str) -> str:
    """Return the digest of the text that the person read: what they typed, filled up where it fits.

    Raises
    ------
    CommandError
        If none was given, or too little of it.
    """
    text = typed.strip().lower()
    if len(text) < DIGEST_CHARACTERS:
        raise CommandError(
            f"--digest is {typed!r}" if typed else "no --digest was given",
            expected=f"the SHA-256 of the text you read, at least {DIGEST_CHARACTERS} characters of it",
            remedy=f"Read the text and its digest first: afterclose review {key} --text",
        )
    return present if present.startswith(text) else text


def print_record(configured: Settings, record: Record, profile: str, *, as_json: bool) -> None:
    """Print what was recorded about a report."""
    if as_json:
        output.as_json({"profile": profile_of_report(configured, record.subject, profile), **asdict(record)})
        return
    content = record.content
    click.echo(
        f"recorded as {record.seq}: {content['meaning']}, report {record.subject}, by {content['user']}"
    )
    if content.get("text_sha256"):
        click.echo(f"text SHA-256 {content['text_sha256']}")
    click.echo(f"chain head   {record.hash}")


def state_line(standing: Standing) -> str:
    """Return a report's state and its reason in one line."""
    state = standing.state.replace("_", " ")
    return f"{state}: {standing.reason}" if standing.reason else state


@click.command("reports")
@output.profile_option("Only its reports. [default: of all profiles]")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many each."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@paged
def list_reports(*, profile: str, limit: int, as_json: bool) -> None:
    """List reports, the newest session first: their profile, state, verdict, and whether they are published."""
    from core.schedule.scheduler import utc_clock

    configured = settings.load()
    entries = reports(configured, utc_clock(), profile, limit=limit)
    if as_json:
        output.as_json([asdict(entry) for entry in entries])
        return
    if not entries:
        click.echo("no reports yet; start a run with: afterclose run")
        return
    head = ("profile", "session", "fresh", "report", "state", "verdict", "published")
    rows = [
        (
            e.profile,
            e.session,
            e.freshness,
            e.report,
            e.state.replace("_", " "),
            e.verdict,
            "yes" if e.published else "no",
        )
        for e in entries
    ]
    output.table(head, rows)


@click.command("review")
@options
@digest_option
@click.option("--text", "as_text", is_flag=True, help="Print the text that would be signed.")
@click.option("--save", default="", type=output.FILE, metavar="FILE", help="Save FILE as the next draft.")
@click.option(
    "--base", default=-1, metavar="N", help="Draft that FILE was made from (0: the generated text)."
)
@click.option("--submit", is_flag=True, help="Put the text before an approver.")
@click.option("--request-changes", is_flag=True, help="Send the submitted text back; --comment says why.")
@click.option("--comment", default="", help="In a sentence.")
@paged
def review_report(
    *, report: str, profile: str, save: str, submit: bool, request_changes: bool, **choices: Any
) -> None:
    """Show where REPORT stands (the newest without one), or take a step towards its signature."""
    from core.review import signoff
    from core.review.drafts import signable
    from core.review.people import local_person
    from core.store.checkpoints import Store

    if sum((bool(save), submit, request_changes)) > 1:
        raise CommandError(
            "more than one of --save, --submit and --request-changes", expected="one at a time"
        )
    configured = settings.load()
    key = find_report(configured, report, profile)
    if save:
        _save(configured, key, save, profile, choices)
    elif submit or request_changes:
        act = signoff.submit if submit else signoff.request_changes
        journal, store = Journal(configured.data, configured.journal), Store(configured.data)
        digest = checked_digest(choices["digest"], signable(store, journal, key).sha256, key)
        person = local_person(configured)
        record = act(configured, journal, key, text_sha256=digest, person=person, comment=choices["comment"])
        print_record(configured, record, profile, as_json=choices["as_json"])
    else:
        _show(configured, key, profile, choices)


def _save(configured: Settings, key: str, file: str, profile: str, choices: dict[str, Any]) -> None:
    from core.report.narrative import MAX_CHARACTERS
    from core.review.drafts import save_draft, signable
    from core.review.people import local_person
    from core.store.checkpoints import Store

    path = Path(file)
    MissingFileError.unless_file(path, "text")
    if path.stat().st_size > 4 * MAX_CHARACTERS:
        raise ParameterError(
            f"{path.name} has {path.stat().st_size:,} bytes",
            expected=f"at most {MAX_CHARACTERS:,} characters",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path.name} is not UTF-8 text: {error}", expected="a text file") from error
    journal, store = Journal(configured.data, configured.journal), Store(configured.data)
    base = None if choices["base"] < 0 else int(choices["base"])
    draft = save_draft(configured, journal, key, text, person=local_person(configured), base=base)
    digest = signable(store, journal, key).sha256
    if choices["as_json"]:
        profile = profile_of_report(configured, key, profile)
        draft_facts = {"draft": draft.number, "author": draft.author, "sha256": digest}
        output.as_json({"profile": profile, "report": key, **draft_facts})
    else:
        click.echo(f"saved as draft {draft.number} of report {key}\ntext SHA-256 {digest}")


def _show(configured: Settings, key: str, profile: str, choices: dict[str, Any]) -> None:
    from core.report.narrative import unwritten
    from core.review.approvals import approvals
    from core.review.drafts import signable
    from core.review.since import recorded_since
    from core.review.standing import standing
    from core.store.checkpoints import Store

    journal = Journal.find(configured.data, configured.journal)
    store = Store(configured.data)
    text, stands = signable(store, journal, key), standing(store, journal, key)
    drafts = journal.drafts(key) if journal else []
    acts = [
        {"record": r.seq, "at": r.content["at_utc"], "who": r.content["user"],
         "what": r.content.get("meaning") or r.kind, "comment": r.content.get("comment", "")}
        for r in (journal.records(subject=key) if journal else [])
    ]  # fmt: skip
    since = recorded_since(configured, journal, key)
    signatures = approvals(configured, journal, key).of_text(text.sha256)
    body = {
        "profile": profile_of_report(configured, key, profile), "report": key, "state": stands.state,
        "reason": stands.reason, "sha256": text.sha256, "draft": text.draft, "characters": len(text.text),
        "unwritten": unwritten(text.text), "drafts": len(drafts), "acts": acts, "since": since,
        "signatures": signatures.entry(),
    }  # fmt: skip
    if choices["as_json"]:
        output.as_json({**body, "text": text.text} if choices["as_text"] else body)
        return
    if choices["as_text"]:
        output.as_it_is(text.text + "\n")
    origin = "the generated text" if text.draft is None else f"draft {text.draft} of {len(drafts)}"
    click.echo(
        f"report    {key}\nprofile   {body['profile']}\nstate     {state_line(stands)}\n"
        f"text      {origin}, {len(text.text):,} characters"
    )
    if body["unwritten"]:
        click.echo(f"unwritten {', '.join(unwritten(text.text))}")
    click.echo(f"SHA-256   {text.sha256}")
    if signatures.sentence:
        click.echo(f"approvals {signatures.sentence}")
    _print_since(since)
    if acts:
        output.table(tuple(acts[0]), [tuple(act.values()) for act in acts])


def _print_since(entry: dict[str, Any] | None) -> None:
    """Print what changed since the report of the same profile that was signed last."""
    from textwrap import fill

    from core.review.since import sentences

    opening, *changes = sentences(entry).splitlines()
    click.echo(f"since     {opening}")
    for change in changes:
        click.echo(fill(change, 80, initial_indent=" " * 10, subsequent_indent=" " * 12))
