"""Schedules and backfills with a journal in PostgreSQL: tests of theirs again, on a real server."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.request import settings


def loaded(name: str):
    """The module of tests of schedules with this name."""
    path = Path(__file__).parents[1] / "schedule" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_again", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


shared, of_backfills, of_schedulers = (
    loaded("conftest"),
    loaded("test_backfill"),
    loaded("test_scheduler"),
)

at, starter, begun = shared.at, shared.starter, of_backfills.begun
test_schedulers_at_the_same_moment_start_everything_once = (
    of_schedulers.test_schedulers_at_the_same_moment_start_everything_once
)
test_no_more_runs_at_once_than_were_allowed = of_backfills.test_no_more_runs_at_once_than_were_allowed
test_a_stop_is_resumed_by_the_same_range_and_nothing_runs_twice = (
    of_backfills.test_a_stop_is_resumed_by_the_same_range_and_nothing_runs_twice
)


@pytest.fixture
def configured(tmp_path, url):
    """Settings with all defaults, of a team."""
    found = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data"), "AFTERCLOSE_JOURNAL": url}, tmp_path)
    yield found
    assert not list(tmp_path.rglob("journal.sqlite")), "everything was written to the server"
