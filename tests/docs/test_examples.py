"""The examples: each is run with the real tool, in an environment of its own where the tool needs another one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import BIN, ROOT, environment
from tests.tools import environment_with

pytestmark = pytest.mark.slow

IN_DAGSTER = """
import dagster as dg, json, sys
sys.path.insert(0, sys.argv[1])
import dagster_assets
instance = dg.DagsterInstance.ephemeral()
result = dg.materialize([dagster_assets.report], instance=instance)
(event,) = result.get_asset_materialization_events()
metadata = {name: value.value for name, value in event.materialization.metadata.items()}
schedule = dagster_assets.definitions.resolve_schedule_def("after_the_close")
print(json.dumps({"metadata": metadata, "zone": schedule.execution_timezone}))
"""
IN_AIRFLOW = """
import json, sys
sys.path.insert(0, sys.argv[1])
from airflow_dag import alarm, alarm_dag, dag, report
from airflow.sdk.exceptions import AirflowException
try:
    rung = alarm.execute({}) and False  # the prices of a test end long ago: the alarm must be heard
except AirflowException as error:
    rung = str(error)
print(json.dumps({
    "tasks": [dag.task_ids, alarm_dag.task_ids], "before": [*report.upstream_task_ids, *alarm.upstream_task_ids],
    "rung": rung, "printed": report.execute({}),
}))
"""


@pytest.fixture
def desk(tmp_path, prices_file, run_afterclose) -> dict[str, str]:
    """A folder of one's own, as the examples expect it, in variables."""
    made = run_afterclose(
        "init", str(tmp_path / "desk"), "--path", str(prices_file), "--calendar", "24/7", "--json"
    )
    assert made.code == 0, made.err
    with (tmp_path / "desk" / "luigi.cfg").open("a") as config:
        config.write("\n[evaluate]\nbootstrap_samples = 100\n")
    return environment(
        None,
        {
            "AFTERCLOSE_DESK": str(tmp_path / "desk"), "AFTERCLOSE_PROGRAM": str(BIN / "afterclose"),
            "AFTERCLOSE_PROFILE": "prices", "HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "DAGSTER_HOME": "", "DO_NOT_TRACK": "1",
        },
    )  # fmt: skip


def printed(python: Path, script: str, env: dict[str, str]) -> dict:
    """The last line that a script prints, as JSON."""
    done = subprocess.run(
        [python, "-c", script, str(ROOT / "examples")], env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_dagster_materializes_the_report(desk):
    """The real Dagster runs the asset; the report that its metadata name is there."""
    answer = printed(environment_with("dagster", "Dagster"), IN_DAGSTER, desk)
    assert answer["zone"] == "America/New_York"
    folder = Path(desk["AFTERCLOSE_DESK"]) / "data" / "checkpoints" / "report" / answer["metadata"]["report"]
    assert (folder / "report.txt").is_file()


def test_airflow_runs_the_task(desk):
    """The real Airflow reads both DAGs, and its operator runs the commands; the alarm waits for no run."""
    answer = printed(environment_with("apache-airflow>=3", "Airflow"), IN_AIRFLOW, desk)
    assert (answer["tasks"], answer["before"]) == ([["report"], ["alarm"]], [])
    assert "exit code 20" in answer["rung"]
    assert list((Path(desk["AFTERCLOSE_DESK"]) / "data" / "checkpoints" / "report").glob("*/report.txt"))


def test_the_notebook_runs_from_top_to_bottom(finished, tmp_path):
    """Each cell of the example notebook, in order, on a finished data root; no cell holds stored output."""
    cells = json.loads((ROOT / "examples" / "reading_a_run.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    assert all(cell.get("outputs", []) == [] for cell in cells)
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join(code), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=environment(finished),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no better than chance" in done.stdout
    assert not (tmp_path / "data").exists()
