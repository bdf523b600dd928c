"""``afterclose scorecard``: past signals against what happened."""

from __future__ import annotations

import click

from core.cli import output
from core.request import settings


@click.command("scorecard")
@click.option("--json", "as_json", is_flag=True, help="Print the scorecard as JSON.")
def command(*, as_json: bool) -> None:
    """Set every signal of past score runs against what happened, per model and quarter, with intervals."""
    from core.queries.models.past_signals import past_signals
    from core.report.sheets import scorecard

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
    output.grid(scorecard(told["scorecard"]).select(*_SHOWN).grid())


_SHOWN = (
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
