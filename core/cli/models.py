"""``afterclose models``: the registry, from the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from core.cli import output
from core.errors import AftercloseError
from core.request import settings
from core.review.decisions import CHOICES, decide, history
from core.review.people import local_person

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("models", invoke_without_command=True)
@_JSON
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List models: the champion, candidates and those retired; show, compare, decide, advice."""
    if ctx.invoked_subcommand is not None:
        return
    from core.queries.models.modelbook import listing

    configured = settings.load()
    entries, told = listing(configured), history(configured)
    if as_json:
        output.as_json({"models": entries, "history_trouble": told.trouble})
        return
    if not entries:
        click.echo("no models yet; train one with --mode train")
        return
    head = ("model", "state", "kind", "trained from", "to", "rows", "walk-forward AUC", "note")
    output.table(head, [_listed(entry) for entry in entries])
    _say_incomplete(told)


def _listed(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    note = entry["problem"] or entry["why"] or ""
    return (
        entry["model_id"], entry["state"], entry["model_kind"], entry["trained_from"], entry["trained_to"],
        entry["rows"], _estimate(entry["auc"]), note[:70],
    )  # fmt: skip


def _say_incomplete(told: Any) -> None:
    if told.trouble:
        click.echo(f"history: {told.trouble}", err=True)
    for decision in told.decisions:
        if not decision.completed:
            click.echo(
                f"record {decision.record} ({decision.action} of {decision.model_id}) was not completed; "
                "the champion stayed as it was",
                err=True,
            )


def _estimate(held: Mapping[str, Any] | None) -> str:
    if not held or held.get("value") is None:
        return "n/a"
    if held.get("low") is None:
        return f"{held['value']:.3f}"
    return f"{held['value']:.3f} [{held['low']:.3f}, {held['high']:.3f}]"


@command.command("show")
@click.argument("model")
@_JSON
def show(*, model: str, as_json: bool) -> None:
    """Show one MODEL: how it was trained, how it did, and every decision about it."""
    from core.queries.models.modelbook import described

    found = described(settings.load(), model)
    if as_json:
        output.as_json(found)
        return
    output.facts(_facts(found))
    rows = [
        (d["at_utc"], d["action"], d["who"], d["before"], "yes" if d["completed"] else "no", d["why"])
        for d in found["decisions"]
    ]
    if rows:
        output.table(("when (UTC)", "decision", "who", "instead of", "completed", "why"), rows)
    if found["history_trouble"]:
        click.echo(f"history: {found['history_trouble']}", err=True)


def _facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's description as label and value, in the order in which it is told."""
    names = ("model_id", "state", "model_kind", "feature_set", "definition_digest", "problem", "features")
    figures = (found["walk_forward"] or {}).get("performance") or {}
    return {
        **{name: found[name] for name in names},
        **{f"training {name}": value for name, value in (found["training"] or {}).items()},
        **{f"walk-forward {name}": _estimate(held) for name, held in figures.items()},
    }


@command.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("--features", default="", metavar="FILE", help="A features file. [default: the latest made]")
@_JSON
def compare(*, first: str, second: str, features: str, as_json: bool) -> None:
    """Put FIRST and SECOND on the same rows, after both their trainings, with paired intervals."""
    from core.queries.models.modelbook import compared

    found = compared(settings.load(), first, second, features)
    if as_json:
        output.as_json(found)
        return
    names = ("state", "model_kind", "trained_from", "trained_to", "rows", "feature_set")
    one, two = found["models"]
    rows = [(name.replace("_", " "), str(one[name]), str(two[name])) for name in names]
    rows.append(("walk-forward AUC", _estimate(one["auc"]), _estimate(two["auc"])))
    output.table(("", one["model_id"], two["model_id"]), rows)
    click.echo(f"features: {changes_in_words(found['feature_changes'])}")
    _say_contest(found["contest"], found["reason"])


def _say_contest(contest: Mapping[str, Any] | None, reason: str | None) -> None:
    if contest is None or not contest["compared"]:
        click.echo(f"not compared: {reason if contest is None else contest['reason']}")
        return
    click.echo(
        f"on {contest['rows']:,} rows of {contest['sessions']:,} sessions, {contest['from']} to {contest['to']}, "
        f"after both trainings: {contest['judgement']}"
    )
    rows = [
        (
            p["metric"], _estimate(contest["challenger"][p["metric"]]),
            _estimate(contest["performance"][p["metric"]]),
            _estimate({**p, "value": p["difference"]}),
        )
        for p in contest["paired"]
    ]  # fmt: skip
    output.table(("measure", "first", "second", "first less second"), rows)


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


@command.command("decide")
@click.argument("choice", type=click.Choice(CHOICES))
@click.option("--why", required=True, help="The reason, in a sentence: also a business cycle or an event.")
def decide_(*, choice: str, why: str) -> None:
    """Record that the champion is kept, or that it will be retrained, beside the advice given."""
    configured = settings.load()
    record = decide(configured, choice, why, person=local_person(configured))
    advice = record.content["advice"]
    said = f"the advice was: {advice['decision']}" if advice else "there was no advice"
    click.echo(f"recorded as {record.seq}: {choice} {record.subject} ({said})")
    if choice == "retrain":
        click.echo("to retrain: afterclose run --mode train")


@command.command("advice")
@_JSON
def advice(*, as_json: bool) -> None:
    """Show the advice in force, and the track record: advice, decision, what came of it."""
    from core.queries.models.track_record import tally, track_record
    from core.registry.evidence import evaluations, features_of

    configured = settings.load()
    latest = next(iter(evaluations(configured.data)), None)
    try:
        features = features_of(configured.data, "").table
    except AftercloseError:
        features = None
    entries = track_record(configured, features)
    given = latest[1].get("advice") if latest else None
    if as_json:
        key = latest[0] if latest else None
        output.as_json({"evaluation": key, "advice": given, "track_record": entries, "tally": tally(entries)})
        return
    _say_advice(latest[0] if latest else "", given)
    _say_track_record(entries, tally(entries))


def _say_advice(key: str, given: Mapping[str, Any] | None) -> None:
    if given is None:
        click.echo("no advice yet: no evaluation has been made")
        return
    from core.report.about_models import reasons_grid

    click.echo(f"advice of evaluation {key}: {given['decision']}. {given['sentence']}")
    output.grid(reasons_grid(given["reasons"]))


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
            _came(e["outcome"]),
            e["why"][:50],
        )
        for e in entries
    ]
    output.table(head, rows)


def _came(outcome: Mapping[str, Any]) -> str:
    held = outcome.get("auc") or {**outcome, "value": outcome.get("difference")}
    figures = "" if held.get("value") is None else f" ({_estimate(held)}, {outcome['rows']:,} rows)"
    return f"{outcome['says']}{figures}"
