"""Ctrl-C while the main command is still importing: one line and 130."""

from __future__ import annotations

import pytest

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
