"""Afterclose in Airflow: a DAG for the run after the close, and one for the alarm an hour later.

Put this file into the folder of DAGs. ``DESK`` is the folder that ``afterclose init`` made, ``PROGRAM`` the program of
its environment: Airflow's own environment stays as it is.
"""

from __future__ import annotations

import os

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

DESK = os.environ.get("AFTERCLOSE_DESK", "/srv/desk")
PROGRAM = os.environ.get("AFTERCLOSE_PROGRAM", "/srv/desk/.venv/bin/afterclose")
PROFILE = os.environ.get("AFTERCLOSE_PROFILE", "us")

with DAG(
    "afterclose",
    schedule="0 17 * * 1-5",
    start_date=pendulum.datetime(2026, 1, 1, tz="America/New_York"),
    catchup=False,  # afterclose backfill does that, session by session
    max_active_runs=1,
) as dag:
    report = BashOperator(
        task_id="report",
        bash_command=f"{PROGRAM} run --profile {PROFILE} --json",
        cwd=DESK,
        retries=0,  # what is transient was tried again inside
        skip_on_exit_code=20,  # it waits for a person or a file
    )

# a DAG of its own: whatever became of the run, or whether there was one at all, is what it asks
with DAG(
    "afterclose_alarm",
    schedule="10 18 * * 1-5",
    start_date=pendulum.datetime(2026, 1, 1, tz="America/New_York"),
    catchup=False,
) as alarm_dag:
    alarm = BashOperator(
        task_id="alarm", bash_command=f"{PROGRAM} deadman --profile {PROFILE}", cwd=DESK, retries=0
    )
