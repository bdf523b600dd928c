"""``afterclose metrics``: the Prometheus metrics once, as text."""

from __future__ import annotations

import click

from core.request import settings


@click.command("metrics")
def command() -> None:
    """Print the metrics of the data root in Prometheus' text form; needs the extra [observe]."""
    from core.queries.operations.prometheus import registry
    from core.schedule.scheduler import utc_clock

    made = registry(settings.load, utc_clock)
    from prometheus_client import generate_latest

    click.echo(generate_latest(made).decode(), nl=False)
