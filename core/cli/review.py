"""``afterclose review``: read a report and what is known of it; save a text, submit it, ask for changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core.cli import output
from core.cli.reports import digest_option, key_named, options, say_record, shown_digest, told
from core.errors import CommandError, MissingFileError, ParameterError
from core.journal import Journal
from core.report.narrative import MAX_CHARACTERS, unwritten
from core.request import settings
from core.request.settings import Settings
from core.review import signoff
from core.review.people import local_person
from core.store.checkpoints import Store


@click.command("review")
@options
@digest_option
@click.option("--text", "as_text", is_flag=True, help="Print the text that would be signed.")
@click.option("--save", default="", metavar="FILE", help="Save FILE as the next draft.")
@click.option(
    "--base", default=-1, metavar="N", help="Draft that FILE was made from (0: the generated text)."
)
@click.option("--submit", is_flag=True, help="Put the text before an approver.")
@click.option("--request-changes", is_flag=True, help="Send the submitted text back; --comment says why.")
@click.option("--comment", default="", help="In a sentence.")
def command(*, report: str, save: str, submit: bool, request_changes: bool, **given: Any) -> None:
    """Show where REPORT stands (the newest without one), or take a step towards its signature."""
    if sum((bool(save), submit, request_changes)) > 1:
        raise CommandError(
            "more than one of --save, --submit and --request-changes", expected="one at a time"
        )
    configured = settings.load()
    key = key_named(configured, report)
    if save:
        _save(configured, key, save, given)
    elif submit or request_changes:
        act = signoff.submit if submit else signoff.request_changes
        journal, store = Journal(configured.data, configured.journal), Store(configured.data)
        shown = shown_digest(given["digest"], signoff.signable(store, journal, key).sha256, key)
        person = local_person(configured)
        record = act(configured, journal, key, shown=shown, person=person, comment=given["comment"])
        say_record(record, as_json=given["as_json"])
    else:
        _show(configured, key, given)


def _save(configured: Settings, key: str, file: str, given: dict[str, Any]) -> None:
    path = Path(file)
    if not path.is_file():
        raise MissingFileError.of(path, "text")
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
    base = None if given["base"] < 0 else int(given["base"])
    draft = signoff.save_draft(store, journal, key, text, person=local_person(configured), base=base)
    digest = signoff.signable(store, journal, key).sha256
    if given["as_json"]:
        output.as_json({"report": key, "draft": draft.number, "author": draft.author, "sha256": digest})
    else:
        click.echo(f"saved as draft {draft.number} of report {key}\ntext SHA-256 {digest}")


def _show(configured: Settings, key: str, given: dict[str, Any]) -> None:
    known = Journal.exists(configured.data, configured.journal)
    journal = Journal(configured.data, configured.journal, read_only=True) if known else None
    store = Store(configured.data)
    text, held = signoff.signable(store, journal, key), signoff.standing(store, journal, key)
    drafts = journal.drafts(key) if journal else []
    acts = [
        {"record": r.seq, "at": r.content["at_utc"], "who": r.content["user"], "what": r.content["meaning"],
         "comment": r.content["comment"]}
        for r in (journal.records(subject=key) if journal else [])
    ]  # fmt: skip
    body = {
        "report": key, "state": held.state, "reason": held.reason, "sha256": text.sha256, "draft": text.draft,
        "characters": len(text.text), "unwritten": unwritten(text.text), "drafts": len(drafts), "acts": acts,
    }  # fmt: skip
    if given["as_json"]:
        output.as_json({**body, "text": text.text} if given["as_text"] else body)
        return
    if given["as_text"]:
        click.echo(text.text)
    named = "the generated text" if text.draft is None else f"draft {text.draft} of {len(drafts)}"
    click.echo(f"report    {key}\nstate     {told(held)}\ntext      {named}, {len(text.text):,} characters")
    if body["unwritten"]:
        click.echo(f"unwritten {', '.join(unwritten(text.text))}")
    click.echo(f"SHA-256   {text.sha256}")
    if acts:
        output.table(tuple(acts[0]), [tuple(act.values()) for act in acts])
