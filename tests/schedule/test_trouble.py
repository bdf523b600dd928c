"""A scheduler whose look meets a fault goes on, and says it once."""

from __future__ import annotations

import json

import pytest

from core.cli import daemon
from core.errors import SourceError
from core.runs.log import RunLog
from core.schedule.scheduler import LOG, Scheduler


@pytest.fixture
def told(configured, monkeypatch, at):
    """Look as often as there are faults (None: a look without one), and return what was logged."""

    def look(*faults):
        scheduler, coming = Scheduler(lambda: configured), iter(faults)

        def tick(_):
            fault = next(coming)
            if fault is not None:
                raise fault

        monkeypatch.setattr(scheduler, "tick", tick)
        for _ in faults:
            daemon.tick(scheduler, configured, at("2024-07-03 12:00"))
        lines = RunLog(configured.data, LOG).path.read_text().splitlines()
        return [json.loads(line)["reason"] for line in lines]

    return look


def test_a_fault_that_stays_is_logged_once_and_again_when_it_comes_back(told):
    """A database that is away for a night is looked for every five seconds."""
    away = SourceError("the database is away")
    assert told(away, away, away, None, away) == ["the database is away"] * 2


def test_a_fault_that_nobody_thought_of_ends_no_scheduler(told):
    """It would start nothing any more, and tell nobody."""
    assert told(ValueError("odd"), None, KeyError("row"), KeyError("row")) == [
        "unexpected ValueError: odd", "unexpected KeyError: 'row'"
    ]  # fmt: skip
