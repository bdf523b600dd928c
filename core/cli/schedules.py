"""``afterclose schedules``: list, add, change, pause, resume, run and remove schedules."""

from __future__ import annotations

from typing import Any

import click

from core.cli import output
from core.cli.paging import paged
from core.journal import Journal
from core.request import settings
from core.request.profiles import PROFILE, settable
from core.request.settings import Settings
from core.review.people import local_person

WHEN_HELP = "close+45m, weekly fri 18:00, cron 30 18 * * mon-fri, or arrival."


@click.group("schedules", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the schedules as JSON.")
@paged
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List schedules with their next times, or add, change, pause, resume, run and remove them."""
    if context.invoked_subcommand is not None:
        return
    from core.queries.operations.schedules import overview
    from core.schedule.scheduler import utc_clock

    configured = settings.load()
    schedules = overview(configured, utc_clock())
    if as_json:
        output.as_json(schedules)
        _refuse_damaged(configured)
        return
    if not schedules["schedules"]:
        click.echo('no schedules; add one: afterclose schedules add daily --when "close+45m"')
        return
    rows = [
        (
            s["name"],
            s["state"],
            s["when"],
            s["asks_for"],
            next(iter(s["next_local"]), "-"),
            s["last"],
        )
        for s in schedules["schedules"]
    ]
    output.table(("schedule", "state", "when", "asks for", "next (local)", "last"), rows)
    click.echo(f"scheduler: {schedules['scheduler']}")
    _refuse_damaged(configured)


def _refuse_damaged(configured: Settings) -> None:
    """Raise where a schedule is not as it was written, once the others are shown."""
    from core.journal.schedules import Schedules
    from core.schedule.definition import damage, whole_and_damaged

    journal = Schedules.find(configured.data, configured.journal)
    _, damaged = whole_and_damaged(journal.each_schedule() if journal else ())
    if damaged:
        raise damage(damaged[0])


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the schedule as JSON.")
@paged
def show(*, name: str, as_json: bool) -> None:
    """Show the schedule NAME: its next five times, and what became of the last ones."""
    from core.queries.operations.schedules import schedule_view
    from core.schedule.scheduler import utc_clock

    schedule = schedule_view(settings.load(), name, utc_clock())
    if as_json:
        output.as_json(schedule)
        return
    for key in ("name", "state", "when", "calendar", "zone", "asks_for", "who"):
        click.echo(f"{key.replace('_', ' '):<10}{schedule[key] or '-'}")
    if schedule["next"]:
        output.table(
            ("next (local)", "next (exchange)"),
            list(zip(schedule["next_local"], schedule["next_exchange"], strict=True)),
        )
    past = [(o["due_at"], o["session"], o["state"], o["run_id"], o["note"]) for o in schedule["occurrences"]]
    if past:
        output.table(("due (UTC)", "session", "state", "run", "note"), past)


def _add_options(*, new: bool = True) -> list[click.Parameter]:
    return [
        click.Argument(["name"]),
        click.Option(["--when"], required=new, default=None if new else "", help=WHEN_HELP),
        click.Option(["--zone"], default="", help="Time zone of weekly and cron times; default: the exchange's."),
        click.Option(["--every-day"], is_flag=True, help="Cron and weekly times also on days without a session."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the schedule as JSON."),
        click.Option(["--profile"], default="", help="Named set of parameters: [profile:NAME] in luigi.cfg."),
        *(click.Option([p.option, p.name], default="", help=p.help) for p in settable().values()),
    ]  # fmt: skip


def _add(*, name: str, when: str, zone: str, every_day: bool, as_json: bool, **values: Any) -> None:
    from core.schedule.definition import Schedule, add
    from core.schedule.scheduler import utc_clock
    from core.schedule.timing import Timing

    configured = settings.load()
    request = {key: text for key, text in values.items() if text}
    calendar = request.get("calendar") or str(configured.under(request.get(PROFILE, ""))["calendar"])
    timing = Timing(" ".join(when.split()), calendar, zone, sessions_only=not every_day)
    now = utc_clock()
    add(configured, Schedule(name, timing, request), now=now, person=local_person(configured))
    _answer(configured, name, f"is kept{_next(configured, name)}", as_json=as_json)


def _answer(configured: Settings, name: str, sentence: str, *, as_json: bool) -> None:
    """Print what became of a schedule: in words, or the schedule as ``schedules show`` has it."""
    from core.queries.operations.schedules import schedule_view
    from core.schedule.scheduler import utc_clock

    values = schedule_view(configured, name, utc_clock()) if as_json else None
    output.answer(values, f"schedule {name} {sentence}", json_wanted=as_json)


def _next(configured: Settings, name: str) -> str:
    from core.queries.operations.schedules import schedule_view
    from core.schedule.scheduler import utc_clock

    schedule = schedule_view(configured, name, utc_clock())
    scheduler = (
        "" if schedule["watched"] else "; no scheduler watches: start the desk or afterclose scheduler"
    )
    return (
        f"; next: {schedule['next_local'][0]}" if schedule["next_local"] else "; it waits for new data"
    ) + scheduler


command.add_command(
    click.Command(
        "add", params=_add_options(), callback=_add, help="Keep a schedule NAME; its times count from now on."
    )
)


def _change(*, name: str, when: str, zone: str, every_day: bool, as_json: bool, **values: Any) -> None:
    from core.journal.schedules import Schedules
    from core.schedule.definition import Schedule, change, schedule_named
    from core.schedule.scheduler import utc_clock
    from core.schedule.timing import Timing

    configured = _existing()
    before = schedule_named(Schedules(configured.data, configured.journal, read_only=True), name)
    request = {**before.request, **{key: text for key, text in values.items() if text}}
    timing = Timing(
        " ".join(when.split()) or before.timing.text,
        request.get("calendar") or str(configured.under(request.get(PROFILE, ""))["calendar"]),
        zone or before.timing.zone,
        sessions_only=before.timing.sessions_only and not every_day,
    )
    now = utc_clock()
    change(configured, Schedule(name, timing, request), now=now, person=local_person(configured))
    _answer(configured, name, f"is changed{_next(configured, name)}", as_json=as_json)


command.add_command(
    click.Command(
        "change",
        params=_add_options(new=False),
        callback=_change,
        help="Change the schedule NAME, on record: what is given takes the place of what it had, the rest stays.",
    )
)


def _existing() -> Settings:
    """Return the settings of a data root where there may be schedules."""
    from core.schedule.definition import none_yet

    configured = settings.load()
    if not Journal.exists(configured.data, configured.journal):
        raise none_yet()
    return configured


@command.command("pause")
@click.argument("name")
@output.json_option("Print the schedule as JSON.")
def pause(*, name: str, as_json: bool) -> None:
    """Let nothing become due by the schedule NAME until it is resumed."""
    from core.schedule import definition

    configured = _existing()
    definition.pause(configured, name, person=local_person(configured))
    _answer(configured, name, "is paused", as_json=as_json)


@command.command("resume")
@click.argument("name")
@output.json_option("Print the schedule as JSON.")
def resume(*, name: str, as_json: bool) -> None:
    """Let the paused schedule NAME go on; what passed meanwhile is not caught up."""
    from core.schedule import definition
    from core.schedule.scheduler import utc_clock

    configured = _existing()
    definition.resume(configured, name, now=utc_clock(), person=local_person(configured))
    _answer(configured, name, f"goes on{_next(configured, name)}", as_json=as_json)


@command.command("remove")
@click.argument("name")
@output.json_option("Print its name and state as JSON.")
def remove(*, name: str, as_json: bool) -> None:
    """Forget the schedule NAME; what came of it stays on record."""
    from core.schedule import definition

    configured = _existing()
    definition.remove(configured, name, person=local_person(configured))
    output.answer({"name": name, "state": "removed"}, f"schedule {name} is removed", json_wanted=as_json)


@command.command("run")
@click.argument("name")
@output.json_option("Print the run as JSON.")
def run(*, name: str, as_json: bool) -> int:
    """Start at once what the schedule NAME asks for, and follow it."""
    from core.cli.run import NOTHING, PAGE, follow, print_run
    from core.errors import EXIT_FAILED
    from core.schedule.scheduler import run_now, utc_clock

    configured = _existing()
    started = run_now(configured, name, now=utc_clock(), person=local_person(configured))
    if started.run_id is None:
        click.echo(f"afterclose: {started.note}", err=True)
        return EXIT_FAILED
    code = follow(configured, started.run_id, amount=NOTHING if as_json else PAGE)
    if as_json:
        print_run(configured, started.run_id)
    return code
