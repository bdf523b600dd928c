"""``afterclose dag, profiles``: the line of stages, and the named sets of parameters it can run with."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise

import click

from core.cli import output
from core.request import settings
from core.request.profiles import differences
from core.request.stages import STAGES, previous


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
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
def list_profiles(*, as_json: bool) -> None:
    """List the profiles of luigi.cfg, each with what differs from the defaults, or what is wrong with it."""
    configured = settings.load()
    changed = {
        name: differences(values, configured.defaults) for name, values in sorted(configured.profiles.items())
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
