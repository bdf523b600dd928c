"""``afterclose scheduler, backfill, deadman``: runs that nobody starts by hand, and the alarm if one is missing."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from core.cli import output
from core.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_WAITING
from core.request import settings
from core.request.profiles import settable

if TYPE_CHECKING:
    from core.journal.occurrences import Occurrence


@click.command("scheduler")
@click.option("--once", is_flag=True, help="Look at the clock once and leave; for cron.")
@output.json_option("Print what is open after the look, or what is watched, as JSON.")
def watch_clock(*, once: bool, as_json: bool) -> None:
    """Start what schedules have due, until Ctrl-C; while another scheduler does, stand by."""
    from core.cli import daemon
    from core.schedule.scheduler import utc_clock

    configured = settings.load()
    if once:
        now = utc_clock()
        daemon.look_once(settings.load, now)
        if as_json:
            output.as_json({"looked_at": now.isoformat(), "open": list(map(asdict, _open(configured)))})
        return
    if as_json:
        output.as_json({"watching": str(configured.data), "pid": os.getpid()})
        sys.stdout.flush()
    click.echo(f"afterclose: watching the clock for {configured.data}; Ctrl-C ends it, runs go on", err=True)
    daemon.watch(
        settings.load,
        standing_by=lambda holder: click.echo(
            f"afterclose: process {holder} does already; standing by", err=True
        ),
    )


def _open(configured: settings.Settings) -> list[Occurrence]:
    """Return what schedules have due and is not over yet; nothing before there is a journal."""
    from core.journal.schedules import Schedules

    journal = Schedules.find(configured.data, configured.journal)
    return journal.open_occurrences() if journal else []


def _options() -> list[click.Parameter]:
    return [
        click.Argument(["first"]),
        click.Argument(["last"]),
        click.Option(
            ["--jobs"], type=int, default=2, show_default=True, help="Runs that go at the same time."
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the outcome as JSON."),
        click.Option(["--profile"], default="", help="Named set of parameters: [profile:NAME] in luigi.cfg."),
        *(click.Option([p.option, p.name], default="", help=p.help) for p in settable().values()),
    ]


def _backfill(*, first: str, last: str, jobs: int, as_json: bool, **values: Any) -> int:
    from core.journal.backfills import Backfills
    from core.review.people import local_person
    from core.schedule import backfill
    from core.schedule.coverage import Range, coverage
    from core.schedule.scheduler import utc_clock
    from core.schedule.starting import is_open

    configured = settings.load()
    span = Range(first, last, {name: text for name, text in values.items() if text}, jobs)
    now = utc_clock()
    counted = coverage(configured, span, now)
    click.echo(f"afterclose: {counted}", err=True)
    backfill_id = backfill.begin(configured, span, person=local_person(configured), now=now, counted=counted)
    journal = Backfills(configured.data, configured.journal)
    open_ = list(filter(is_open, journal.sessions_of(backfill_id)))
    stopped = False
    with click.progressbar(length=len(open_), label=f"backfill {backfill_id}", file=sys.stderr) as bar:

        def advance(session: Occurrence) -> None:
            del session
            bar.update(1)

        try:
            sessions = backfill.fill(configured, backfill_id, each=advance)
        except KeyboardInterrupt:
            stopped, sessions = True, journal.sessions_of(backfill_id)
    _print_sessions(sessions, counted.profile, as_json=as_json)
    if stopped:
        click.echo("afterclose: stopped; runs that go end by themselves. The same command resumes.", err=True)
        return EXIT_INTERRUPTED
    return backfill.exit_code(sessions)


def _print_sessions(sessions: list[Any], profile: str, *, as_json: bool) -> None:
    from core.schedule.backfill import counts

    if as_json:
        rows = [
            {
                "profile": profile,
                "session": row.session,
                "state": row.state,
                "run_id": row.run_id,
                "note": row.note,
            }
            for row in sessions
        ]
        output.as_json({"profile": profile, "counts": counts(sessions), "sessions": rows})
        return
    output.table(
        ("session", "state", "run", "note"),
        [(row.session, row.state, row.run_id, output.brief(row.note or "")) for row in sessions],
    )
    click.echo(f"{profile}: " + ", ".join(f"{count:,} {state}" for state, count in counts(sessions).items()))


fill_sessions = click.Command(
    "backfill",
    params=_options(),
    callback=_backfill,
    help="Make a report for each session from FIRST to LAST; what is there is skipped, a stop is resumed, and what "
    "the source does not hold is no data: nothing is made of it, and the command leaves with 20.",
)


@click.command("deadman")
@output.profile_option(
    "Only this one. [default: that of each active schedule; without one each that ran within a month]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def check_deadline(*, profile: str, as_json: bool) -> int:
    """Exit 20, and send a notice once, unless each profile's newest verified report holds the session that is due.

    Due is the last session that had closed by the last deadline ([schedule] deadline), and by the last time of the
    schedule that makes the report.
    """
    from core.registry.choosing import known_profile
    from core.runs.log import RunLog
    from core.schedule.deadman import tell_if_missing
    from core.schedule.freshness import FRESH
    from core.schedule.reminders import tell_people
    from core.schedule.scheduler import LOG, utc_clock

    configured = settings.load()
    if profile:
        known_profile(configured, profile)
    now, log = utc_clock(), RunLog(configured.data, LOG)
    rows = tell_if_missing(configured, now, log, profile=profile)
    tell_people(configured, now, log)
    if as_json:
        output.as_json([{**asdict(row), "sentence": row.sentence} for row in rows])
    else:
        for row in rows:
            click.echo(
                f"{'' if row.state == FRESH else 'afterclose: '}{row.sentence}", err=row.state != FRESH
            )
    return EXIT_DONE if all(row.state == FRESH for row in rows) else EXIT_WAITING
