"""A run plans each stage once, and its line of tasks is the stage table's."""

from __future__ import annotations

import json
import sys

from core.request.stages import NAMES
from luigi_tasks.base import TASKS
from tests.commands import command

COUNTED = """
import atexit, json, pathlib, sys
from collections import Counter
from core.parameters import Parameter
from core.runs import plan

counts = Counter()


def counted(name, function):
    def call(*args):
        counts[name] += 1
        return function(*args)
    return call


Parameter.parse = counted("parsed", Parameter.parse)
plan._stage_plan = counted("planned", plan._stage_plan)
atexit.register(lambda: pathlib.Path(sys.argv.pop()).write_text(json.dumps(counts)))
sys.argv[0] = "luigi"
from luigi.cmdline import luigi_run
luigi_run(sys.argv[1:-1])
"""


def test_a_run_plans_each_stage_once(tmp_path):
    """Seven plans for seven stages, and few parses beside those of luigi.cfg: cold, and with nothing to do."""
    counts = tmp_path / "counts.json"
    words = (sys.executable, "-c", COUNTED, "--module", "luigi_tasks", "Report", "--local-scheduler", counts)
    for complete in (False, True):
        done = command(*words, data=tmp_path / "data")
        assert done.code == 0, done.err
        assert ("nothing to do" in done.err) == complete
        made = json.loads(counts.read_text())
        assert made["planned"] == len(NAMES)
        assert made["parsed"] < 340


def test_each_stage_has_one_task_of_its_name():
    """Found by the table: the task that a stage requires is the one of the entry above."""
    assert TASKS.keys() == set(NAMES)
    assert [TASKS[name].__name__ for name in NAMES] == [
        "Ingest", "Validate", "Clean", "FeatureEngineer", "TrainOrScore", "Evaluate", "Report",
    ]  # fmt: skip
