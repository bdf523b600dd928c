"""Quick collecting: what few tests use is imported when one of them runs, and no cycles are looked for meanwhile."""

from __future__ import annotations

import gc
import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


class Late:
    """A module that is imported as soon as something of it is asked for.

    Parameters
    ----------
    name : str
        Of the module.
    quiet : bool
        Whether what its import warns of is none of ours.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self._name, self._quiet = name, quiet

    def __getattr__(self, name: str) -> Any:
        with warnings.catch_warnings():
            if self._quiet:
                warnings.simplefilter("ignore")
            module = import_module(self._name)
        return getattr(module, name)


def needs(package: str, reason: str) -> None:
    """Skip a module's tests where a package is not installed, without importing it."""
    if find_spec(package) is None:
        pytest.skip(reason, allow_module_level=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no cycles meanwhile: what collecting makes stays, and looking through all of it takes long."""
    gc.disable()
    outcome = yield
    gc.collect()
    gc.freeze()
    gc.enable()
    return outcome
