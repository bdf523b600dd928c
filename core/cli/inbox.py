"""``afterclose inbox, notices``: what needs a person, and what people were told."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import EXIT_DONE, EXIT_WAITING, CommandError
from core.journal import Journal
from core.journal.outbox import WAITING, QueuedNotice
from core.report.formatting import counted
from core.request import settings


@click.command("inbox")
@click.option("--aside", default="", metavar="MARK", help="Put this aside; --why says the reason.")
@click.option("--take-up", default="", metavar="MARK", help="Take up again what was put aside; with --why.")
@click.option("--why", default="", help="In a sentence; it is kept with the record.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@paged
def show_inbox(*, aside: str, take_up: str, why: str, as_json: bool) -> None:
    """List what needs a person, as the page Today does, or put something aside with a reason."""
    from core.queries.operations.attention import need_named, situation
    from core.review import aside as putting
    from core.review.people import local_person

    if aside and take_up:
        raise CommandError("both --aside and --take-up", expected="one at a time")
    configured = settings.load()
    if aside or take_up:
        journal = Journal(configured.data, configured.journal)
        need = need_named(configured, journal, aside or take_up)
        act = putting.put_aside if aside else putting.take_up
        record = act(configured, journal, need.about, why, person=local_person(configured))
        if as_json:
            output.as_json({"profile": need.line, **asdict(record)})
        else:
            click.echo(f"recorded as {record.seq}: {record.content['decision']}, {need.what}, {need.line}")
        return
    existing = Journal.find(configured.data, configured.journal)
    now = situation(configured, existing) if existing else None
    needs, put = (now.needs, now.aside) if now else ((), ())
    if as_json:
        rows = [{"profile": n.line, "mark": n.mark, **asdict(n)} for n in needs]
        others = [{"profile": a.need.line, "mark": a.need.mark, **asdict(a)} for a in put]
        output.as_json({"needs": rows, "aside": others})
        return
    if needs:
        head = ("mark", "profile", "needs", "run", "why")
        output.table(head, [(n.mark, n.line, n.what, n.run_id, n.why) for n in needs])
    else:
        click.echo("nothing waits for a person")
    for entry in put:
        click.echo(
            f"put aside: {entry.need.mark} {entry.need.line}, {entry.need.what}, by {entry.who}: {entry.why}"
        )


def _trouble(notice: QueuedNotice) -> str | None:
    """Return what went wrong with a notice: it still waits, or an attempt was broken off."""
    again = f"{counted(notice.broken_off, 'receiver')} may have it twice" if notice.broken_off else None
    return (notice.trouble if notice.state == WAITING else None) or again


@click.command("notices")
@click.option("--deliver", "now", is_flag=True, help="Try at once what waits; exit 20 while something does.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@paged
def list_notices(*, now: bool, limit: int, as_json: bool) -> int:
    """List notices, the newest first: what people were told, and what still waits for a receiver."""
    from core.journal.outbox import Outbox
    from core.notices.outgoing import deliver

    configured = settings.load()
    if not Journal.exists(configured.data, configured.journal):
        output.answer([], "no notices yet", json_wanted=as_json)
        return EXIT_DONE
    if now:
        deliver(configured, at_once=True)
    outbox = Outbox(configured.data, configured.journal, read_only=True)
    rows = outbox.newest(limit=limit)
    if as_json:
        output.as_json([{**asdict(row), "took": sorted(row.took)} for row in rows])
    elif rows:
        head = ("notice", "made", "event", "state", "tries", "title", "trouble")
        output.table(
            head,
            [(r.seq, r.created_at[:16], r.event, r.state, r.tries, r.title, _trouble(r)) for r in rows],
        )
    else:
        click.echo("no notices yet")
    return EXIT_WAITING if now and outbox.waiting() else EXIT_DONE
