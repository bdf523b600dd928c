"""``afterclose models``: the registry, from the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import AftercloseError, ModelError
from core.features.feature_diff import change_in_words
from core.queries.models.tries_words import tries_words
from core.registry.choosing import chosen_profile, known_profile, profiles_here
from core.report.formatting import beside_zero, loss, metric, ratio, with_interval
from core.request import settings
from core.review.decision_history import CHOICES, history
from core.review.decisions import decide
from core.review.people import local_person

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("models", invoke_without_command=True)
@output.profile_option("Only its models. [default: of all profiles]")
@_JSON
@paged
@click.pass_context
def command(ctx: click.Context, *, profile: str, as_json: bool) -> None:
    """List models by profile: the champion, candidates and those retired; show, compare, decide, advice."""
    if ctx.invoked_subcommand is not None:
        return
    from core.queries.models.modelbook import listing

    configured = settings.load()
    profiles = [known_profile(configured, profile)] if profile else profiles_here(configured)
    entries, damaged = [], dict[str, ModelError]()
    for name in profiles:
        try:
            entries += listing(configured, name, with_tries=True)
        except ModelError as error:  # the others go on
            damaged[name] = error
    if entries or not damaged:
        _print_models(entries, history(configured, profile), damaged, as_json=as_json)
    if damaged:
        raise next(iter(damaged.values()))


def _print_models(
    entries: list[dict[str, Any]], decisions: Any, damaged: Mapping[str, ModelError], *, as_json: bool
) -> None:
    if as_json:
        troubles = {name: str(error) for name, error in damaged.items()}
        output.as_json({"models": entries, "damaged": troubles, "history_trouble": decisions.trouble})
        return
    if not entries:
        click.echo("no models yet; train one with --mode train")
        return
    head = (
        "profile",
        "model",
        "state",
        "kind",
        "trained from",
        "to",
        "rows",
        "walk-forward AUC",
        "tries",
        "note",
    )
    output.table(head, [_listed(entry) for entry in entries])
    _say_incomplete(decisions)


def _listed(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    note, auc = entry["problem"] or entry["why"] or "", with_interval(entry["auc"], ratio)
    return (
        entry["profile"], entry["model_id"], entry["state"], entry["model_kind"], entry["trained_from"],
        entry["trained_to"], entry["rows"], auc, tries_words(entry["tries"]), output.brief(note),
    )  # fmt: skip


def _say_incomplete(decisions: Any) -> None:
    if decisions.trouble:
        click.echo(f"history: {decisions.trouble}", err=True)
    for decision in decisions.decisions:
        if not decision.completed:
            click.echo(
                f"record {decision.record} ({decision.action} of {decision.model_id}) was not completed, "
                "or the pointer that it moved is gone: afterclose verify says more",
                err=True,
            )


@command.command("show")
@click.argument("model")
@_JSON
@paged
def show(*, model: str, as_json: bool) -> None:
    """Show one MODEL: how it was trained, how it did, and every decision about it."""
    from core.queries.models.modelbook import description

    model_facts = description(settings.load(), model)
    if as_json:
        output.as_json(model_facts)
        return
    output.facts(_facts(model_facts))
    rows = [
        (d["at_utc"], d["action"], d["who"], d["before"], "yes" if d["completed"] else "no", d["why"])
        for d in model_facts["decisions"]
    ]
    changed = [d for d in model_facts["decisions"] if d["features"]]
    if rows:
        output.table(("when (UTC)", "decision", "who", "instead of", "completed", "why"), rows)
    for decision in changed:
        click.echo(
            f"record {decision['record']} changed the features: {change_in_words(decision['features'])}"
        )
        _print_sources(decision["features"])
    if model_facts["history_trouble"]:
        click.echo(f"history: {model_facts['history_trouble']}", err=True)


def _print_sources(changed: Mapping[str, Any]) -> None:
    """Print the difference of each module, or why there is none to print."""
    for source in changed["sources"]:
        before, after = ((digest or "none")[:12] for digest in (source["before"], source["after"]))
        click.echo(f"{source['module']}: {before} to {after}")
        click.echo("its text was not kept" if source["diff"] is None else source["diff"])


def _facts(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's description as label and value, in the order of display."""
    names = (
        "model_id",
        "profiles",
        "state",
        "model_kind",
        "feature_set",
        "definition_digest",
        "problem",
        "features",
    )
    figures = (model["walk_forward"] or {}).get("performance") or {}
    return {
        **{name: model[name] for name in names},
        **{f"training {name}": value for name, value in (model["training"] or {}).items()},
        **{
            f"walk-forward {name}": with_interval(figure, metric(name).write)
            for name, figure in figures.items()
        },
    }


@command.command("compare")
@click.argument("first")
@click.argument("second")
@output.features_option()
@output.profile_option("Where both are compared. [default: the one that both belong to]")
@_JSON
@paged
def compare(*, first: str, second: str, features: str, profile: str, as_json: bool) -> None:
    """Put FIRST and SECOND of one profile on the same rows, after both their trainings, with paired intervals."""
    from core.queries.models.modelbook import compared

    comparison = compared(settings.load(), first, second, features, profile)
    if as_json:
        output.as_json(comparison)
        return
    names = ("state", "model_kind", "trained_from", "trained_to", "rows", "feature_set")
    left_model, right_model = comparison["models"]
    rows = [(name.replace("_", " "), str(left_model[name]), str(right_model[name])) for name in names]
    left_auc, right_auc = (with_interval(model["auc"], ratio) for model in (left_model, right_model))
    rows.append(("walk-forward AUC", left_auc, right_auc))
    output.table(("", left_model["model_id"], right_model["model_id"]), rows)
    click.echo(f"features: {changes_in_words(comparison['feature_changes'])}")
    if comparison["feature_changes"].get("sources"):
        _print_sources(comparison["feature_changes"])
    _say_contest(comparison["contest"], comparison["reason"])


def _say_contest(contest: Mapping[str, Any] | None, reason: str | None) -> None:
    if contest is None or not contest["compared"]:
        click.echo(f"not compared: {reason if contest is None else contest['reason']}")
        return
    click.echo(
        f"on {contest['rows']:,} rows of {contest['sessions']:,} sessions, {contest['from']} to {contest['to']}, "
        f"after both trainings: {contest['judgement']}"
    )
    _print_pairs(contest, ("first", "second"))


def _print_pairs(contest: Mapping[str, Any], sides: tuple[str, str]) -> None:
    rows = [
        (
            p["metric"],
            *(
                with_interval(contest[side][p["metric"]], metric(p["metric"]).write)
                for side in ("challenger", "performance")
            ),
            with_interval({**p, "value": p["difference"]}, partial(beside_zero, write=loss)),
        )
        for p in contest["paired"]
    ]
    output.table(("measure", *sides, f"{sides[0]} less {sides[1]}"), rows)


def changes_in_words(changed: Mapping[str, Any]) -> str:
    """Return the difference between two feature sets in one line."""
    if changed["same"]:
        return f"the same set {changed['to']}"
    parts = [f"set {changed['from']} to {changed['to']}"]
    parts += [f"{what} {', '.join(changed[what])}" for what in ("added", "removed") if changed[what]]
    parts += [f"{c['name']} was {c['before']!r}, is {c['after']!r}" for c in changed["redefined"]]
    if not changed["texts_known"]:
        parts.append("definition texts not known, names compared")
    return "; ".join(parts)


@command.command("ablation")
@click.argument("model")
@click.option(
    "--without",
    multiple=True,
    metavar="FEATURE",
    help="Leave this out; may come several times. [default: own features that the champion lacks]",
)
@output.profile_option("Whose champion. [default: the profile in which it was trained]")
@_JSON
def ablation_(*, model: str, without: tuple[str, ...], profile: str, as_json: bool) -> None:
    """Say what features add to MODEL: its walk forward with and without them, same folds and rows, paired intervals."""
    from core.queries.models.ablation import ablation

    outcome = ablation(settings.load(), model, without, profile)
    if as_json:
        output.as_json(outcome)
        return
    champion = outcome["champion_id"]
    click.echo(
        f"model {outcome['model_id']} of profile {outcome['profile']}"
        + (f", beside the champion {champion}" if champion else "; there is no other champion")
    )
    for entry in outcome["ablations"]:
        click.echo(
            f"without {', '.join(entry['without'])}: {entry['rows']:,} rows of {entry['sessions']:,} sessions"
        )
        if entry["compared"]:
            _print_pairs(entry, ("with", "without"))
        click.echo(entry["says"])


@command.command("decide")
@click.argument("choice", type=click.Choice(CHOICES))
@click.option("--why", required=True, help="The reason, in a sentence: also a business cycle or an event.")
@output.profile_option("Whose champion. [default: the only profile]")
@output.json_option("Print the record as JSON.")
def decide_(*, choice: str, why: str, profile: str, as_json: bool) -> None:
    """Record that a profile's champion is kept, or that it will be retrained, beside the advice given."""
    configured = settings.load()
    profile = chosen_profile(configured, profile)
    record = decide(configured, choice, why, person=local_person(configured), profile=profile)
    advice = record.content["advice"]
    advice_text = f"the advice was: {advice['decision']}" if advice else "there was no advice"
    retrain = [f"to retrain: afterclose run --profile {profile} --mode train"] if choice == "retrain" else []
    output.answer(
        {"profile": profile, "choice": choice, "model": record.subject, "record": asdict(record)},
        f"recorded as {record.seq}: {choice} {record.subject} ({advice_text})",
        *retrain,
        json_wanted=as_json,
    )


@command.command("advice")
@output.profile_option("Whose advice. [default: the only profile]")
@_JSON
@paged
def advice(*, profile: str, as_json: bool) -> None:
    """Show a profile's advice in force, and its track record: advice, decision, what came of it."""
    from core.queries.models.track_record import tally, track_record
    from core.registry.evidence import evaluations, features_of

    configured = settings.load()
    profile = chosen_profile(configured, profile)
    latest = next(iter(evaluations(configured, profile)), None)
    try:
        features = features_of(configured, "", profile).table
    except AftercloseError:
        features = None
    entries = track_record(configured, features, profile)
    advice_body = latest[1].get("advice") if latest else None
    if as_json:
        key = latest[0] if latest else None
        record = {"track_record": entries, "tally": tally(entries)}
        output.as_json({"profile": profile, "evaluation": key, "advice": advice_body, **record})
        return
    _say_advice(latest[0] if latest else "", advice_body)
    _say_track_record(entries, tally(entries))


def _say_advice(key: str, advice_body: Mapping[str, Any] | None) -> None:
    if advice_body is None:
        click.echo("no advice yet: no evaluation has been made")
        return
    from core.report.about_models import reasons_grid

    click.echo(f"advice of evaluation {key}: {advice_body['decision']}. {advice_body['sentence']}")
    output.grid(reasons_grid(advice_body["reasons"]))


def _say_track_record(entries: list[dict[str, Any]], counts: Mapping[str, int]) -> None:
    if not entries:
        click.echo("track record: no decision yet")
        return
    click.echo(
        f"track record: advice followed {counts['followed']} times, not followed {counts['against']}, "
        f"open {counts['open']}"
    )
    head = ("when (UTC)", "advice", "decision", "in use", "instead of", "what came of it", "why")
    rows = [
        (
            e["at_utc"],
            e["advice"],
            e["decision"],
            e["in_use"],
            e["instead_of"],
            _outcome_text(e["outcome"]),
            output.brief(e["why"], 50),
        )
        for e in entries
    ]
    output.table(head, rows)


def _outcome_text(outcome: Mapping[str, Any]) -> str:
    figure = outcome.get("auc") or {**outcome, "value": outcome.get("difference")}
    figures = (
        "" if figure.get("value") is None else f" ({with_interval(figure, ratio)}, {outcome['rows']:,} rows)"
    )
    return f"{outcome['says']}{figures}"
