"""Which report a terminal command is about, and how the commands of sign-off print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

from core.cli import output
from core.errors import CommandError, ParameterError
from core.journal import Journal, Record
from core.queries.runs.progress import newest_finished
from core.request.settings import Settings
from core.review.standing import Standing
from core.store.checkpoints import META

F = TypeVar("F", bound=Callable[..., Any])
DIGEST_CHARACTERS = 12
"""Fewest characters of a digest that name a text."""


def options(function: F) -> F:
    """Add the argument REPORT and the option ``--json``."""
    with_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")(function)
    return click.argument("report", default="")(with_json)


def digest_option(function: F) -> F:
    """Add the option that says which text was read."""
    return click.option(
        "--digest",
        default="",
        metavar="HEX",
        help="SHA-256 of the text you read, or its first 12 characters.",
    )(function)


def key_named(settings: Settings, text: str) -> str:
    """Return the key of the report that ``text`` begins; of the newest run without one.

    Raises
    ------
    ParameterError
        If there is none, or more than one.
    """
    if not text:
        known = Journal.exists(settings.data, settings.journal)
        run = newest_finished(Journal(settings.data, settings.journal, read_only=True)) if known else None
        if run is None:
            raise ParameterError(
                "there is no report yet", expected="a finished run", remedy="Run: afterclose run"
            )
        return run.keys["report"]
    folder = settings.data / "checkpoints" / "report"
    names = sorted(meta.parent.name for meta in folder.glob(f"*/{META}"))
    found = [name for name in names if name == text] or [name for name in names if name.startswith(text)]
    if len(found) != 1:
        came = f"{len(found)} reports begin with {text!r}" if found else f"there is no report {text!r}"
        raise ParameterError(came, expected="the key of a finished report, or its beginning")
    return found[0]


def shown_digest(given: str, present: str, key: str) -> str:
    """Return the digest of the text that the person read: what they typed, filled up where it fits.

    Raises
    ------
    CommandError
        If none was given, or too little of it.
    """
    text = given.strip().lower()
    if len(text) < DIGEST_CHARACTERS:
        raise CommandError(
            f"--digest is {given!r}" if given else "no --digest was given",
            expected=f"the SHA-256 of the text you read, at least {DIGEST_CHARACTERS} characters of it",
            remedy=f"Read the text and its digest first: afterclose review {key} --text",
        )
    return present if present.startswith(text) else text


def say_record(record: Record, *, as_json: bool) -> None:
    """Print what was recorded."""
    if as_json:
        output.as_json(asdict(record))
        return
    said = record.content
    click.echo(f"recorded as {record.seq}: {said['meaning']}, report {record.subject}, by {said['user']}")
    if said.get("text_sha256"):
        click.echo(f"text SHA-256 {said['text_sha256']}")
    click.echo(f"chain head   {record.hash}")


def told(standing: Standing) -> str:
    """Return a report's state and its reason in one line."""
    said = standing.state.replace("_", " ")
    return f"{said}: {standing.reason}" if standing.reason else said
