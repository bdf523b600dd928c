"""``afterclose runs, show, cancel, compare``: what ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Any

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import ParameterError
from core.journal import Journal, Run
from core.journal.runs_and_drafts import ENDED
from core.queries.reports.listing import DAMAGED, MISSING, RunReports
from core.queries.runs.missing import gone_stages, in_words
from core.queries.runs.naming import find_run
from core.registry.choosing import chosen_profile, known_profile
from core.registry.origins import finished_runs, profile_of_run, runs_of, session_of_run
from core.request import settings
from core.review.annotations import annotations_here
from core.review.standing import STATES
from core.store.checkpoints import Store


def _state_option(name: str, states: Sequence[str], what: str) -> Callable[[output.F], output.F]:
    return click.option(
        name, type=click.Choice(states), metavar="STATE", help=f"{what}: {', '.join(states)}."
    )


@click.command("runs")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
@output.profile_option("Only its runs. [default: those of all profiles]")
@_state_option("--state", ("queued", "running", *ENDED), "Only runs in this state")
@_state_option("--report", (*STATES, DAMAGED, MISSING), "Only runs whose report is in this state")
@click.option("--tag", default="", metavar="WORD", help="Only runs with this tag.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only runs of this day (UTC) and later.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
@paged
def list_runs(
    *,
    limit: int,
    profile: str,
    state: str | None,
    report: str | None,
    tag: str,
    since: datetime | None,
    as_json: bool,
) -> None:
    """List runs, newest first, however they were started."""
    configured = settings.load()
    lost = Journal.lost(configured.data, configured.journal)
    if lost:
        click.echo(f"afterclose: {lost}", err=True)
    if profile:
        known_profile(configured, profile)
    reports, written = RunReports(configured), annotations_here(configured)
    matching = (
        run
        for run in takewhile(lambda run: since is None or run.created_at >= since.date().isoformat(),
                             runs_of(configured, profile))
        if state in (None, run.state) and report in (None, reports.of_run(run).report_state)
        and (not tag or tag in written[run.run_id].tags)
    )  # fmt: skip
    runs = [with_profile(configured, run) for run in islice(matching, limit)]
    missing = {run.run_id: gone_stages(Store(configured.data), run) for run in runs}
    if as_json:
        output.as_json(
            [
                {
                    **asdict(r),
                    **asdict(reports.of_run(r)),
                    "missing": missing[r.run_id],
                    **written[r.run_id].fields,
                }
                for r in runs
            ]
        )
    elif not runs and not lost:
        click.echo(f"no runs yet in {configured.data}; start one with: afterclose run (the built-in sample)")
    elif runs:
        labels = {r.run_id: written[r.run_id].label for r in runs}
        rows = [
            (r.run_id, *([labels[r.run_id]] if any(labels.values()) else []), r.profile, r.session, r.state,
             reports.of_run(r).report_state,
             _in_short(r.error) or in_words(missing[r.run_id]) or reports.of_run(r).verdict)
            for r in runs
        ]  # fmt: skip
        label_head = ("called",) if any(labels.values()) else ()
        output.table(("run", *label_head, "profile", "session", "state", "report", "outcome"), rows)


def _in_short(error: str | None) -> str:
    """Return what went wrong without what was expected instead: ``show`` has all of it."""
    return (error or "").partition("; expected ")[0]


def with_profile(configured: settings.Settings, run: Run) -> Run:
    """Return a run with its profile and last session, also one that was recorded before there were profiles."""
    return replace(run, profile=profile_of_run(configured, run), session=session_of_run(configured, run))


@click.command("show")
@click.argument("run", default="")
@output.profile_option("Whose newest report, where no run is named. [default: the only profile]")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@paged
def show_run(*, run: str, profile: str, as_json: bool) -> None:
    """Show one RUN (that of the newest report without one): what was asked, how it ended, every stage's states."""
    from core.queries.runs.progress import attempts, bytes_by_stage
    from core.report.formatting import bytes_text

    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    match = with_profile(configured, _to_show(configured, journal, run, profile))
    events = journal.events(match.run_id)
    missing = gone_stages(Store(configured.data), match)
    written = annotations_here(configured)[match.run_id]
    if as_json:
        changes = [{**asdict(event), "attempt": n} for event, n in zip(events, attempts(events), strict=True)]
        by_stage = {"bytes_by_stage": bytes_by_stage(events)}
        output.as_json(
            {**asdict(match), "missing": missing, "seconds": match.took_s(), **by_stage, **written.fields,
             "events": changes}
        )  # fmt: skip
        return
    for name in (
        "run_id",
        "profile",
        "session",
        "state",
        "target",
        "who",
        "how",
        "created_at",
        "started_at",
        "ended_at",
        "error",
    ):
        click.echo(f"{name:<12}{getattr(match, name) or '-'}")
    for name, text in (("called", written.label), ("note", written.note)):
        if text:
            click.echo(f"{name:<12}{' '.join(text.split())}")
    took = match.took_s()
    click.echo(f"{'seconds':<12}{'-' if took is None else f'{took:,.2f}'}")
    if missing:
        click.echo(in_words(missing))
    sizes = bytes_by_stage(events)
    click.echo(f"{'size':<12}{bytes_text(sum(sizes.values()))} in {len(sizes)} stages")
    for name, value in match.request.items():
        click.echo(f"{'  ' + name:<12}{value}")
    rows = [
        (event.at[11:23], event.stage, event.state, attempt, event.facts.get("rows"),
         bytes_text(event.facts["bytes"]) if "bytes" in event.facts else None, event.facts.get("seconds"),
         output.brief(_note(event.facts), 90))
        for event, attempt in zip(events, attempts(events), strict=True)
    ]  # fmt: skip
    output.table(("time (UTC)", "stage", "state", "attempt", "rows", "size", "seconds", "note"), rows)


def _to_show(configured: settings.Settings, journal: Journal, run: str, profile: str) -> Run:
    """Return the run that was named, else that of a profile's newest report.

    Raises
    ------
    ParameterError
        If it is of another profile than the one named, or there is none.
    """
    if run:
        match = find_run(configured, journal, run, profile=profile)
        _judge_one_profile(configured, [match], known_profile(configured, profile) if profile else "")
        return match
    profile = chosen_profile(configured, profile)
    newest = next(iter(finished_runs(configured, profile)), None)
    if newest is None:
        raise ParameterError(
            f"there is no report of profile {profile} yet",
            expected="a finished run",
            remedy="Run: afterclose run",
        )
    return newest


def _note(facts: Mapping[str, Any]) -> str:
    wait = f"again in {facts['wait_s']:g} s: " if "wait_s" in facts else ""
    return f"{wait}{facts.get('error') or facts.get('reason') or ''}"


@click.command("cancel")
@click.argument("run")
@output.profile_option("Whose newest run, where RUN is latest. [default: the only profile]")
@output.json_option("Print what became of it as JSON.")
def cancel_run(*, run: str, profile: str, as_json: bool) -> None:
    """Stop RUN: its processes are asked to end and, after five seconds, ended."""
    from core.review.people import local_person
    from core.runs import launcher

    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    match = find_run(configured, journal, run, profile=profile)
    stopped = launcher.cancel(configured, match.run_id, person=local_person(configured))
    if as_json:
        output.as_json({"run": match.run_id, "stopped": stopped, "state": match.state})
        return
    click.echo(f"run {match.run_id} {'is being cancelled' if stopped else f'is over already: {match.state}'}")


@click.command("compare")
@click.argument("runs", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Print what the runs agree on as well.")
@click.option("--report", is_flag=True, help="Print how the reports differ from the first one.")
@output.profile_option("Whose runs; two of them are the newest two where none is named.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@paged
def compare_runs(
    *, runs: tuple[str, ...], everything: bool, report: bool, profile: str, as_json: bool
) -> None:
    """Set two or more RUNS side by side: parameters, vintage, findings, features, metrics, drift, report."""
    from core.queries.runs.comparison import compare
    from core.queries.runs.facts import facts

    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    store = Store(configured.data)
    chosen = _to_compare(configured, journal, runs, profile)
    comparison = compare([facts(store, journal, run) for run in chosen])
    if as_json:
        output.as_json({"profile": profile_of_run(configured, chosen[0]), **asdict(comparison)})
        return
    rows = comparison.rows if everything else comparison.differing()
    output.table(("part", "name", *comparison.runs), [(row.part, row.name, *row.texts) for row in rows])
    if not rows:
        click.echo("the runs agree in everything")
    for diff in comparison.report_diffs if report else ():
        click.echo(diff)


def _to_compare(
    configured: settings.Settings, journal: Journal, names: tuple[str, ...], profile: str
) -> list[Run]:
    """Return the runs that were named, else the newest two reports of a profile, the older one first.

    Raises
    ------
    ParameterError
        If the runs are not of one profile, or not of the one named, or there are not two.
    """
    if names:
        chosen = [find_run(configured, journal, name, profile=profile) for name in names]
        _judge_one_profile(configured, chosen, profile)
        return chosen
    profile = chosen_profile(configured, profile)
    by_report = {run.keys.get("report"): run for run in reversed(finished_runs(configured, profile))}
    chosen = list(by_report.values())[-2:]
    if len(chosen) < 2:
        raise ParameterError(
            f"profile {profile} has {len(chosen):,} of 2 reports to compare",
            expected="two runs", remedy="See: afterclose runs",
        )  # fmt: skip
    return chosen


def _judge_one_profile(configured: settings.Settings, chosen: list[Run], profile: str) -> None:
    """Raise unless runs are of one profile, and of the one that was named."""
    owners = {run.run_id: profile_of_run(configured, run) for run in chosen}
    expected = profile or next(iter(owners.values()), "")
    others = [run_id for run_id, owner in owners.items() if owner != expected]
    if others:
        raise ParameterError(
            f"run {others[0]} is of profile {owners[others[0]]}",
            expected=f"runs of one profile: {expected}",
            remedy=f"What they say of different tickers cannot be compared. See: afterclose runs --profile {expected}",
            parameter="profile",
        )
