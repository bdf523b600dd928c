"""Slow stages for tests of what happens meanwhile: kills, waiting, several copies at once.

First on a command's ``PYTHONPATH`` (``tests.commands.slow``), Python runs this before anything else. Each stage waits
``SLOW_STAGES_S`` seconds twice: before it computes, and when its artifacts are written and ``meta.json`` is not.
"""

import importlib.util
import os
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path

SECONDS = float(os.environ["SLOW_STAGES_S"])
MARK = "meta.json"


def slowed(function, concerns=lambda *_: True):
    """Return the function, waiting before each call that it concerns."""

    def call(*args, **kwargs):
        if concerns(*args):
            time.sleep(SECONDS)
        return function(*args, **kwargs)

    return call


def slow_execution(module):
    """Let each stage wait before it computes."""
    module.compute = slowed(module.compute)


def slow_objects(module):
    """Let a commit to object storage wait before its mark."""
    module.ObjectPath.create = slowed(module.ObjectPath.create, lambda path, _: path.name == MARK)


CHANGES = {"core.runs.execution": slow_execution, "core.platform.objects": slow_objects}


class Slow(PathFinder):
    """Finds the modules to be slowed as ever, and changes them once they are loaded."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return the spec of one of these modules, None for any other."""
        if fullname not in CHANGES:
            return None
        spec = super().find_spec(fullname, path, target)
        load = spec.loader.exec_module

        def load_and_change(module):
            load(module)
            CHANGES[fullname](module)

        spec.loader.exec_module = load_and_change
        return spec


os.link = slowed(os.link, lambda _, target: Path(target).name == MARK)
sys.meta_path.insert(0, Slow)

# a test's own sitecustomize, which this one hides
others = [
    folder for folder in sys.path if folder and Path(folder).resolve() != Path(__file__).resolve().parent
]
if (hidden := PathFinder.find_spec("sitecustomize", others)) is not None:
    hidden.loader.exec_module(importlib.util.module_from_spec(hidden))
