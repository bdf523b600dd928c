"""``afterclose dag, profiles``: the line of stages, and the profiles: how they stand, and what they set."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from core.cli import output
from core.cli.paging import paged
from core.request import settings
from core.request.profiles import changed_settings
from core.request.stages import STAGES, previous

if TYPE_CHECKING:
    from core.queries.operations.profile_list import ProfileRow


def mapping() -> dict[str, list[str]]:
    """Return each stage with the stages it requires."""
    required = {stage.name: previous(stage.name) for stage in STAGES}
    return {name: [stage.name] if stage else [] for name, stage in required.items()}


def mermaid() -> str:
    """Return the line as a Mermaid flowchart."""
    edges = [f"    {before.name} --> {stage.name}" for before, stage in pairwise(STAGES)]
    return "\n".join(["flowchart LR", *edges])


@click.command(
    "dag", help="Print the pipeline: Mermaid, or with --json the stage -> required stages mapping."
)
@click.option("--json", "as_json", is_flag=True, help="Print the mapping as JSON.")
def dag(*, as_json: bool) -> None:
    """Print the pipeline."""
    click.echo(json.dumps(mapping(), indent=2) if as_json else mermaid())


@click.command("profiles")
@click.option(
    "--settings", "as_set", is_flag=True, help="What each section of luigi.cfg sets apart from the defaults."
)
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
@paged
def list_profiles(*, as_set: bool, as_json: bool) -> None:
    """List all profiles: state, last session, verdict, signature and next run of each, what needs somebody first."""
    from core.queries.operations.profile_list import profile_list
    from core.schedule.scheduler import utc_clock

    configured = settings.load()
    if as_set:
        _print_settings(configured, as_json=as_json)
        return
    rows = profile_list(configured, utc_clock())
    changed = {
        name: changed_settings(values, configured.defaults) for name, values in configured.profiles.items()
    }
    if as_json:
        sets = {name: [asdict(change) for change in changes] for name, changes in changed.items()}
        output.as_json([{**asdict(row), "settings": sets.get(row.profile, [])} for row in rows])
    elif not rows:
        click.echo("no profiles yet; a run makes one, and so does a section such as [profile:us-megacaps]")
    else:
        head = ("profile", "state", "session", "behind", "verdict", "signature", "next run (UTC)")
        output.table(head, [_cells(row) for row in rows])
        for row in rows:
            if row.fault:
                click.echo(row.fault, err=True)


def _cells(row: ProfileRow) -> tuple[Any, ...]:
    signature = row.approvals.partition(" signatures")[0] if row.signature == "in_review" else ""
    signed = " ".join([row.signature.replace("_", " "), *([f"({signature})"] if signature else [])])
    due = row.next_run[:16].replace("T", " ") if row.next_run else None
    return row.profile, row.state, row.last_session, row.behind, row.verdict or None, signed or None, due


def _print_settings(configured: settings.Settings, *, as_json: bool) -> None:
    changed = {
        name: changed_settings(values, configured.defaults)
        for name, values in sorted(configured.profiles.items())
    }
    faults = {name: str(fault) for name, fault in sorted(configured.profile_faults.items())}
    if as_json:
        by_profile = {name: [asdict(change) for change in changes] for name, changes in changed.items()}
        output.as_json({**by_profile, **{name: [{"fault": text}] for name, text in faults.items()}})
    elif not changed and not faults:
        click.echo("no profiles; luigi.cfg names one in a section such as [profile:us-megacaps]")
    else:
        rows = [
            (name, change.name, change.value or "-", change.default or "-")
            for name, changes in changed.items()
            for change in changes
        ]
        unchanged = [(name, "-", "-", "-") for name, changes in changed.items() if not changes]
        unusable = [(name, "cannot be used", "-", "-") for name in faults]
        output.table(("profile", "parameter", "value", "default"), [*rows, *unchanged, *unusable])
        for text in faults.values():
            click.echo(text)
