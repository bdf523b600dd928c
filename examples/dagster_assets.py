"""Afterclose as one asset of Dagster: the report of a profile, with its verdict and keys as metadata.

``dagster dev -f dagster_assets.py``. ``AFTERCLOSE_DESK`` is the folder that ``afterclose init`` made,
``AFTERCLOSE_PROGRAM`` the program of its environment: Dagster's own environment stays as it is.
"""

import json
import os
import subprocess

import dagster as dg

DESK = os.environ.get("AFTERCLOSE_DESK", "/srv/desk")
PROGRAM = os.environ.get("AFTERCLOSE_PROGRAM", "/srv/desk/.venv/bin/afterclose")
PROFILE = os.environ.get("AFTERCLOSE_PROFILE", "us")


@dg.asset(group_name="afterclose")
def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The newest report of the profile, made or found complete."""
    done = subprocess.run(
        [PROGRAM, "run", "--profile", PROFILE, "--json"],
        cwd=DESK,
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stderr.splitlines():
        context.log.info(line)
    if done.returncode:
        raise dg.Failure(
            f"afterclose run ended with {done.returncode}: {done.stderr[-500:]}", allow_retries=False
        )
    run = json.loads(done.stdout)
    return dg.MaterializeResult(
        metadata={"run": run["run_id"], "session": run["session"], "report": run["keys"]["report"]}
    )


daily = dg.ScheduleDefinition(
    name="after_the_close",
    target=[report],
    cron_schedule="0 17 * * 1-5",
    execution_timezone="America/New_York",
)

definitions = dg.Definitions(assets=[report], schedules=[daily])
