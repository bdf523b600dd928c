"""The examples in the desk's docstrings hold (its pages cannot be imported, so they are run by name)."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name", ["dashboard.compact", "dashboard.words", "dashboard.editing", "dashboard.charts.downsample"]
)
def test_the_examples_hold(name):
    """There is at least one in each, and none fails."""
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
