"""Ctrl-C while the main command is still importing: one line and 130."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.commands import ROOT, environment

pytestmark = pytest.mark.slow

AT_IMPORT = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupt())
if os.environ.get("OUT"):
    import types
    early = types.ModuleType("luigi_tasks.early")
    early.install = lambda: None
    early.is_script = lambda: True
    sys.modules["luigi_tasks.early"] = early
"""


@pytest.fixture
def interrupted(run_luigi, small, data, tmp_path):
    """Run the main command with a SIGINT that comes when a module is about to be imported."""
    (tmp_path / "sitecustomize.py").write_text(AT_IMPORT, encoding="utf-8")

    def run(module, *, out=""):
        env = {"PYTHONPATH": str(tmp_path), "AT": module, "OUT": out}
        return run_luigi(*small, data=data, env=env)

    return run


@pytest.mark.parametrize("module", ["core.runs.plan", "luigi_tasks.session", "luigi_tasks.publish"])
def test_an_interrupt_during_the_imports_is_one_line_and_130(module, interrupted):
    """No traceback, no report, nothing begun."""
    done = interrupted(module)
    assert (done.code, done.out, done.messages) == (130, "", ["afterclose: interrupted"])


def test_without_the_early_answer_an_interrupt_would_be_a_traceback(interrupted):
    """The protection taken out."""
    done = interrupted("luigi_tasks.session", out="early")
    assert "Traceback" in done.err
    assert "KeyboardInterrupt" in done.err


COLLECTED = """
import gc, json, sys
import luigi  # as the script does before anything of ours
sys.argv = [NAME, "--module", "luigi_tasks", "Report", "--local-scheduler"]
passes = []
gc.callbacks.append(lambda phase, info: passes.append(phase))
import luigi_tasks
during = len(passes)
print(json.dumps([during, gc.isenabled()]))
"""


@pytest.mark.parametrize(("name", "pauses"), [("luigi", True), ("a_notebook", False)])
def test_cycles_are_not_looked_for_while_the_script_imports_and_are_again_after_it(name, pauses, data):
    """Whoever imports the tasks in a process of their own keeps the collection as it is."""
    code = COLLECTED.replace("NAME", repr(name))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(data),
        capture_output=True,
        text=True,
        check=True,
    )
    during, enabled = json.loads(done.stdout)
    # a start and an end each: before the first module of ours has run, and once they may again; otherwise dozens
    assert (during < 10, enabled) == (pauses, True)
