"""``afterclose export``: a run with all that it rests on, as a file or in MLflow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli import output
from core.cli.runs import with_profile
from core.errors import CommandError
from core.journal import Journal, Run
from core.queries.runs.naming import LATEST, find_run
from core.request import settings
from core.request.targets import judge_target


@click.command("export")
@click.argument("run", default=LATEST)
@click.option(
    "--output",
    "target",
    default="",
    metavar="FILE",
    help="Where it goes. [default: RUN.zip or RUN.xlsx here]",
)
@click.option("--xlsx", is_flag=True, help="Write the report's tables, signals and findings as a workbook.")
@click.option("--mlflow", "uri", default="", metavar="URI", help="Hand it over to MLflow: http://HOST:PORT.")
@output.profile_option("Whose newest run, where none is named. [default: the only profile]")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export_run(*, run: str, target: str, xlsx: bool, uri: str, profile: str, as_json: bool) -> None:
    """Write RUN's log, its checkpoints and all they rest on to a zip; or its report to a workbook, or to MLflow."""
    from core.upkeep import archive

    if uri and (xlsx or target):
        raise CommandError(
            "--mlflow hands the run to a server", expected="neither --xlsx nor --output beside it"
        )
    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    match = with_profile(configured, find_run(configured, journal, run, profile=profile))
    if uri:
        _to_mlflow(configured, match, uri, as_json=as_json)
        return
    path = Path(target or f"{match.run_id}.{'xlsx' if xlsx else 'zip'}")
    judge_target(path, configured)
    if xlsx:
        from core.platform.storage import replace_file
        from core.queries.reports.workbook import workbook

        replace_file(path, workbook(configured, match))
        written = {}
    else:
        written = {"files": archive.export(configured, match, path)}
    written["bytes"] = path.stat().st_size
    if as_json:
        output.as_json({"run": match.run_id, "path": str(path), **written})
    else:
        click.echo(f"{path}: " + ", ".join(f"{number:,} {what}" for what, number in written.items()))


def _to_mlflow(configured: settings.Settings, run: Run, uri: str, *, as_json: bool) -> None:
    from core.queries.reports.mlflow_run import export

    exported = export(configured, run, uri)
    output.answer(
        {"run": run.run_id, **asdict(exported)},
        f"run {run.run_id} is {'' if exported.new else 'already '}run {exported.mlflow_run} of MLflow, "
        f"in {exported.experiment}",
        json_wanted=as_json,
    )
