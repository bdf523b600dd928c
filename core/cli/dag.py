"""``afterclose dag``: the mission's line of stages, as a mapping or as Mermaid."""

from __future__ import annotations

import json
from itertools import pairwise

import click

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
def command(*, as_json: bool) -> None:
    """Print the pipeline."""
    click.echo(json.dumps(mapping(), indent=2) if as_json else mermaid())
