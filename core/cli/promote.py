"""``afterclose promote``: a person makes a model the champion."""

from __future__ import annotations

import sys

import click

from core.errors import SignOffError
from core.queries.models.modelbook import unjudged
from core.registry.registry import reason_of
from core.request import settings
from core.review.decisions import promote
from core.review.people import local_person


@click.command("promote")
@click.argument("model")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
def command(*, model: str, why: str) -> None:
    """Make MODEL (an id, the beginning of one, or a model.json) the champion that scores from now on."""
    configured = settings.load()
    reason = reason_of(why)
    _ask(configured, model)
    champion, before = promote(configured, model, reason, person=local_person(configured))
    instead = f" instead of {before.model_id}" if before and before.model_id != champion.model_id else ""
    if before and before.model_id == champion.model_id:
        click.echo(f"{champion.model_id} was the champion already and stays it: {champion.why}")
        return
    click.echo(f"champion is now {champion.model_id}{instead}: {champion.why}")


def _ask(configured: settings.Settings, model: str) -> None:
    """Say that a model was never judged, and ask a person who is there; a script's reason is its answer."""
    doubt = unjudged(configured, model)
    if not doubt:
        return
    click.echo(f"afterclose: {doubt}", err=True)
    if sys.stdin.isatty() and not click.confirm("Make it the champion all the same?", err=True):
        raise SignOffError(
            f"{model} was not promoted", expected="a yes", remedy="Train on more history, then promote."
        )
