"""``afterclose predict``: what a model says now, without a run."""

from __future__ import annotations

import click

from core.cli import output
from core.queries.models.prediction import predict
from core.report.figures import counted
from core.request import settings


@click.command("predict")
@click.option("--model", default="", metavar="ID", help="A model's id, or a model file. [default: champion]")
@click.option("--features", default="", metavar="FILE", help="A features file. [default: the latest made]")
@click.option("--json", "as_json", is_flag=True, help="Print model, age and signals as JSON.")
def command(*, model: str, features: str, as_json: bool) -> None:
    """Score on request: the newest features, the champion, one signal per ticker."""
    found = predict(settings.load(), model=model, features=features)
    if as_json:
        output.as_json(found)
        return
    click.echo(
        f"model {found['model_id']} ({found['model_kind']}), trained to {found['trained_to']}, "
        f"{counted(found['age_sessions'], 'session')} old; features {found['features']['origin']} "
        f"to {found['features']['last_session']}"
    )
    rows = [
        (s["ticker"], s["after"], s["session"], f"{s['probability']:.3f}", s["direction"])
        for s in found["signals"]
    ]
    output.table(("ticker", "after", "for session", "probability", "direction"), rows)
