"""``afterclose scorecard``: past signals against what happened."""

from __future__ import annotations

from typing import Any

import click

from core.cli import output
from core.request import settings


@click.command("scorecard")
@click.option("--json", "as_json", is_flag=True, help="Print the scorecard as JSON.")
def command(*, as_json: bool) -> None:
    """Set every signal of past score runs against what happened, per model and quarter, with intervals."""
    from core.queries.models.past_signals import past_signals

    told = past_signals(settings.load())
    if as_json:
        output.as_json(told)
        return
    if not told["score_runs"]:
        click.echo("no score run yet: promote a model, then run with --mode score")
        return
    click.echo(
        f"{told['signals']:,} signals of {told['score_runs']:,} score runs: {told['known']:,} with a known outcome, "
        f"{told['written_ahead']:,} written before their session was over"
    )
    if not told["scorecard"]:
        return
    head = ("model", "period", "signals", "right", "hit rate", "interval", "AUC", "interval", "Brier", "note")
    output.table(head, [_row(entry) for entry in told["scorecard"]])


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    hit, auc, brier = entry["hit_rate"], entry["auc"], entry["brier"]
    plain = f"{entry['right'] / entry['rows']:.3f}"
    return (
        entry["model_id"], entry["period"], entry["rows"], entry["right"], plain, _span(hit),
        _number(auc["value"]), _span(auc), _number(brier["value"]), auc.get("reason") or "",
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _span(held: dict[str, Any]) -> str:
    return "n/a" if held["low"] is None else f"[{held['low']:.3f}, {held['high']:.3f}]"
