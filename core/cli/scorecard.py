"""``afterclose scorecard``: past signals against what happened."""

from __future__ import annotations

from typing import Any

import click

from core import settings
from core.cli import output


@click.command("scorecard")
@click.option("--json", "as_json", is_flag=True, help="Print the scorecard as JSON.")
def command(*, as_json: bool) -> None:
    """Set every signal of past score runs against what happened, per model and quarter, with intervals."""
    from core.evaluation.scorecard import scorecard
    from core.registry.evidence import signals
    from core.registry.track_record import resampling

    configured = settings.load()
    given = signals(configured.data)
    entries = scorecard(given.frame, resampling(configured))
    known = int(given.frame["up_next"].notna().sum())
    told = {
        "score_runs": given.checkpoints,
        "signals": len(given.frame),
        "known": known,
        "written_ahead": int(given.frame["ahead"].sum()),
        "scorecard": entries,
    }
    if as_json:
        output.as_json(told)
        return
    if not given.checkpoints:
        click.echo("no score run yet: promote a model, then run with --mode score")
        return
    click.echo(
        f"{told['signals']:,} signals of {told['score_runs']:,} score runs: {known:,} with a known outcome, "
        f"{told['written_ahead']:,} written before their session was over"
    )
    if not entries:
        return
    head = ("model", "period", "signals", "right", "hit rate", "interval", "AUC", "interval", "Brier", "note")
    output.table(head, [_row(entry) for entry in entries])


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
