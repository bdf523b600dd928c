"""``afterclose promote, rollback, predict, scorecard``: the model that scores, and how its signals did."""

from __future__ import annotations

import sys

import click

from core.cli import output
from core.errors import SignOffError
from core.request import settings
from core.review.people import local_person

_SCORECARD_COLUMNS = (
    "model_id",
    "period",
    "rows",
    "right",
    "share",
    "interval",
    "auc",
    "auc_interval",
    "brier",
    "reason",
)


@click.command("promote")
@click.argument("model")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
def promote_model(*, model: str, why: str) -> None:
    """Make MODEL (an id, the beginning of one, or a model.json) the champion that scores from now on."""
    from core.registry.registry import reason_of
    from core.review.decisions import promote

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
    from core.queries.models.modelbook import unjudged

    doubt = unjudged(configured, model)
    if not doubt:
        return
    click.echo(f"afterclose: {doubt}", err=True)
    if sys.stdin.isatty() and not click.confirm("Make it the champion all the same?", err=True):
        raise SignOffError(
            f"{model} was not promoted", expected="a yes", remedy="Train on more history, then promote."
        )


@click.command("rollback")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
def roll_back(*, why: str) -> None:
    """Bring back the champion before the present one; the present one is retired."""
    from core.review.decisions import rollback

    configured = settings.load()
    champion, former = rollback(configured, why, person=local_person(configured))
    instead = f" instead of {former.model_id}" if former else ""
    click.echo(f"champion is again {champion.model_id}{instead}: {champion.why}")


@click.command("predict")
@click.option("--model", default="", metavar="ID", help="A model's id, or a model file. [default: champion]")
@click.option("--features", default="", metavar="FILE", help="A features file. [default: the latest made]")
@click.option("--json", "as_json", is_flag=True, help="Print model, age and signals as JSON.")
def predict_now(*, model: str, features: str, as_json: bool) -> None:
    """Score on request: the newest features, the champion, one signal per ticker."""
    from core.queries.models.prediction import predict
    from core.report.figures import counted

    prediction = predict(settings.load(), model=model, features=features)
    if as_json:
        output.as_json(prediction)
        return
    click.echo(
        f"model {prediction['model_id']} ({prediction['model_kind']}), trained to {prediction['trained_to']}, "
        f"{counted(prediction['age_sessions'], 'session')} old; features {prediction['features']['origin']} "
        f"to {prediction['features']['last_session']}"
    )
    rows = [
        (s["ticker"], s["after"], s["session"], f"{s['probability']:.3f}", s["direction"])
        for s in prediction["signals"]
    ]
    output.table(("ticker", "after", "for session", "probability", "direction"), rows)


@click.command("scorecard")
@click.option("--json", "as_json", is_flag=True, help="Print the scorecard as JSON.")
def print_scorecard(*, as_json: bool) -> None:
    """Set every signal of past score runs against what happened, per model and quarter, with intervals."""
    from core.queries.models.past_signals import past_signals
    from core.report.sheets import scorecard

    past = past_signals(settings.load())
    if as_json:
        output.as_json(past)
        return
    if not past["score_runs"]:
        click.echo("no score run yet: promote a model, then run with --mode score")
        return
    click.echo(
        f"{past['signals']:,} signals of {past['score_runs']:,} score runs: {past['known']:,} with a known outcome, "
        f"{past['written_ahead']:,} written before their session was over"
    )
    if not past["scorecard"]:
        return
    output.grid(scorecard(past["scorecard"]).select(*_SCORECARD_COLUMNS).grid())
