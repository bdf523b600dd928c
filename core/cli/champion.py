"""``afterclose promote, rollback, predict, scorecard``: the model that scores, and how its signals did."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from core.cli import output
from core.cli.paging import paged
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
@output.profile_option("Whose champion. [default: the profile in which it was trained]")
@output.json_option("Print the champion and the one before as JSON.")
def promote_model(*, model: str, why: str, profile: str, as_json: bool) -> None:
    """Make MODEL (an id, the beginning of one, or a model.json) the champion that scores a profile from now on."""
    from core.registry.registry import reason_of
    from core.review.decisions import promote

    configured = settings.load()
    reason = reason_of(why)
    _ask(configured, model, profile)
    person = local_person(configured)
    champion, before = promote(configured, model, reason, person=person, profile=profile)
    if as_json:
        output.as_json({"champion": asdict(champion), "before": asdict(before) if before else None})
        return
    instead = f" instead of {before.model_id}" if before and before.model_id != champion.model_id else ""
    if before and before.model_id == champion.model_id:
        click.echo(f"{champion.model_id} was the champion already and stays it: {champion.why}")
        return
    click.echo(f"champion is now {champion.model_id}{instead}: {champion.why}")


def _ask(configured: settings.Settings, model: str, profile: str) -> None:
    """Say what speaks against a promotion, and ask a person who is there; a script's reason is its answer."""
    from core.queries.models.doubts import doubts

    sentences = doubts(configured, model, profile)
    for sentence in sentences:
        click.echo(f"afterclose: {sentence}", err=True)
    if sentences and sys.stdin.isatty() and not click.confirm("Make it the champion all the same?", err=True):
        raise SignOffError(
            f"{model} was not promoted", expected="a yes", remedy="See: afterclose models, docs/models.md."
        )


@click.command("rollback")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
@output.profile_option("Whose champion. [default: the only profile]")
@output.json_option("Print the champion and the one before as JSON.")
def roll_back(*, why: str, profile: str, as_json: bool) -> None:
    """Bring back a profile's champion before the present one; the present one is retired."""
    from core.registry.choosing import chosen_profile
    from core.review.decisions import rollback

    configured = settings.load()
    profile = chosen_profile(configured, profile)
    champion, former = rollback(configured, why, person=local_person(configured), profile=profile)
    if as_json:
        output.as_json({"champion": asdict(champion), "before": asdict(former) if former else None})
        return
    instead = f" instead of {former.model_id}" if former else ""
    click.echo(f"champion is again {champion.model_id}{instead}: {champion.why}")


@click.command("predict")
@click.option("--model", default="", metavar="ID", help="A model's id, or a model file. [default: champion]")
@output.features_option()
@output.profile_option("Whose champion and features. [default: the only profile]")
@click.option("--json", "as_json", is_flag=True, help="Print profile, model, age and signals as JSON.")
@paged
def predict_now(*, model: str, features: str, profile: str, as_json: bool) -> None:
    """Score on request: a profile's newest features, its champion, one signal per ticker."""
    from core.label import Label
    from core.queries.models.prediction import predict
    from core.queries.models.signal_changes import probability_of
    from core.registry.choosing import chosen_profile
    from core.report.formatting import chance, counted

    configured = settings.load()
    profile = chosen_profile(configured, profile)
    prediction = predict(configured, model=model, features=features, profile=profile)
    if as_json:
        output.as_json(prediction)
        return
    click.echo(
        f"profile {profile}, model {prediction['model_id']} ({prediction['model_kind']}), "
        f"trained to {prediction['trained_to']}, "
        f"{counted(prediction['age_sessions'], 'session')} old; features {prediction['features']['origin']} "
        f"to {prediction['features']['last_session']}"
    )
    label = Label.of(prediction)
    if not label.is_default:
        click.echo(f"label: {label.name}")
    calls = [
        (
            s["ticker"], s["after"], s["session"], chance(probability_of(s)), s["direction"] or "withheld",
            s["reason"] or "",
        )
        for s in prediction["signals"]
    ]  # fmt: skip
    until = "for session" if label.horizon_sessions == 1 else "up to session"
    head = ("ticker", "after", until, "probability", "direction", "reason")
    width = len(head) if any(reason for *_, reason in calls) else len(head) - 1
    output.table(head[:width], [call[:width] for call in calls])


@click.command("scorecard")
@output.profile_option("Whose signals. [default: the only profile]")
@click.option("--json", "as_json", is_flag=True, help="Print the scorecard as JSON.")
@paged
def print_scorecard(*, profile: str, as_json: bool) -> None:
    """Set every signal of a profile's score runs against what happened, per model and quarter, with intervals."""
    from core.queries.models.past_signals import past_signals
    from core.registry.choosing import chosen_profile
    from core.report.formatting import counted
    from core.report.sheets import scorecard, with_predicted

    configured = settings.load()
    past = past_signals(configured, chosen_profile(configured, profile))
    if as_json:
        output.as_json(past)
        return
    if not past["score_runs"]:
        click.echo(
            f"no score run of profile {past['profile']} yet: promote a model, then run with --mode score"
        )
        return
    click.echo(
        f"profile {past['profile']}: {past['signals']:,} signals of {past['score_runs']:,} score runs: "
        f"{past['known']:,} with a known outcome, "
        f"{past['written_ahead']:,} written before their session was over"
        + (f"; {counted(past['withheld'], 'more signal')} withheld" if past["withheld"] else "")
    )
    if not past["scorecard"]:
        return
    entries = past["scorecard"]
    output.grid(scorecard(entries).select(*with_predicted(entries, *_SCORECARD_COLUMNS)).grid())
