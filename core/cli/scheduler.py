"""``afterclose scheduler``: watches the clock in the foreground, for servers."""

from __future__ import annotations

import click

from core.request import settings


@click.command("scheduler")
@click.option("--once", is_flag=True, help="Look at the clock once and leave; for cron.")
def command(*, once: bool) -> None:
    """Start what schedules have due, until Ctrl-C; while another scheduler does, stand by."""
    from core.cli import daemon
    from core.schedule.scheduler import Scheduler, utc_clock

    configured = settings.load()
    if once:
        Scheduler(settings.load).tick(utc_clock())
        return
    click.echo(f"afterclose: watching the clock for {configured.data}; Ctrl-C ends it, runs go on", err=True)
    daemon.watch(
        settings.load,
        standing_by=lambda holder: click.echo(
            f"afterclose: process {holder} does already; standing by", err=True
        ),
    )
