"""``afterclose backfill FIRST LAST``: one run for each session of a range, a few at a time."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from core.cli import output
from core.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from core.request import settings
from core.request.profiles import settable


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


def _backfill(*, first: str, last: str, jobs: int, as_json: bool, **given: Any) -> int:
    from core.journal.backfills import Backfills, Filled
    from core.review.people import local_person
    from core.schedule import backfill
    from core.schedule.scheduler import utc_clock

    configured = settings.load()
    wanted = backfill.Range(first, last, {name: text for name, text in given.items() if text}, jobs)
    backfill_id = backfill.begin(configured, wanted, person=local_person(configured), now=utc_clock())
    journal = Backfills(configured.data, configured.journal)
    open_ = [one for one in journal.filled(backfill_id) if one.state in ("waiting", "running")]
    stopped = False
    with click.progressbar(length=len(open_), label=f"backfill {backfill_id}", file=sys.stderr) as bar:

        def over(one: Filled) -> None:
            del one
            bar.update(1)

        try:
            sessions = backfill.fill(configured, backfill_id, each=over)
        except KeyboardInterrupt:
            stopped, sessions = True, journal.filled(backfill_id)
    _tell(sessions, as_json=as_json)
    if stopped:
        click.echo("afterclose: stopped; runs that go end by themselves. The same command resumes.", err=True)
        return EXIT_INTERRUPTED
    whole = all(one.state in ("succeeded", "there") for one in sessions)
    return EXIT_DONE if whole else EXIT_FAILED


def _tell(sessions: list[Any], *, as_json: bool) -> None:
    from core.schedule.backfill import counts

    if as_json:
        output.as_json({"counts": counts(sessions), "sessions": [asdict(one) for one in sessions]})
        return
    rows = [(one.session, one.state, one.run_id, (one.note or "")[:70]) for one in sessions]
    output.table(("session", "state", "run", "note"), rows)
    click.echo(", ".join(f"{count:,} {state}" for state, count in counts(sessions).items()))


command = click.Command(
    "backfill",
    params=_options(),
    callback=_backfill,
    help="Make a report for each session from FIRST to LAST; what is there is skipped, a stop is resumed.",
)
