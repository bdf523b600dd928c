"""``afterclose annotate``: a name, tags and a note for a run."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.errors import CommandError
from core.journal import Journal
from core.queries.runs.naming import find_run
from core.registry.origins import profile_of_run
from core.request import settings


@click.command("annotate")
@click.argument("run")
@click.option("--name", metavar="TEXT", help="What the run is called; empty takes its name away.")
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="Add a tag; may be given several times.")
@click.option("--untag", multiple=True, metavar="WORD", help="Take a tag away.")
@click.option("--note", metavar="TEXT", help="What is to be known about it; empty takes the note away.")
@output.profile_option("Whose newest run, where RUN is latest. [default: the only profile]")
@output.json_option("Print the record as JSON.")
def annotate_run(
    *,
    run: str,
    name: str | None,
    tags: tuple[str, ...],
    untag: tuple[str, ...],
    note: str | None,
    profile: str,
    as_json: bool,
) -> None:
    """Give RUN a name, tags or a note; it is kept on record with who and when."""
    from core.review.annotations import annotate
    from core.review.people import local_person

    if name is None and note is None and not tags and not untag:
        raise CommandError(
            "nothing to write about the run", expected="--name, --tag, --untag or --note, or several of them"
        )
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    match = find_run(configured, journal, run, profile=profile)
    record = annotate(
        configured, journal, match.run_id, person=local_person(configured), name=name, note=note,
        add=tags, remove=untag,
    )  # fmt: skip
    output.answer(
        {"profile": profile_of_run(configured, match), **asdict(record)},
        f"recorded as {record.seq}: run {match.run_id}, {record.content['comment']}",
        json_wanted=as_json,
    )
