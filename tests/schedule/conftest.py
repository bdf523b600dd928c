"""What the tests of schedules share: settings over a fresh root, and runs that end at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.request import settings
from core.runs.launcher import Launched


@pytest.fixture
def configure(tmp_path):
    """Settings from a ``luigi.cfg`` with this text, over one data root."""

    def load(text: str = ""):
        (tmp_path / "luigi.cfg").write_text(text, encoding="utf-8")
        return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)

    return load


@pytest.fixture
def configured(configure):
    """Settings with all defaults."""
    return configure()


@pytest.fixture
def at():
    """A moment in UTC: ``at("2024-07-03 17:45")``."""

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    return moment


class Starter:
    """Starts runs that are over at once: in the real journal, without their processes."""

    def __init__(self, state: str = "succeeded") -> None:
        self.requests: list[dict[str, str]] = []
        self.state = state

    def __call__(self, configured, request, run_id, person) -> Launched:
        journal = Journal(configured.data, configured.journal)
        journal.add_run(
            run_id, who=person.label, how="schedule", request=request, target="report", state="running"
        )
        journal.rekey(run_id, {}, request.get("end"))
        if self.state != "running":
            journal.end(run_id, self.state, 0, None)
        self.requests.append(dict(request))
        return Launched(run_id, new=True)

    def sessions(self) -> list[str]:
        """The sessions that runs were started for, in order."""
        return [request["end"] for request in self.requests]


@pytest.fixture
def starter():
    """Runs that succeed at once."""
    return Starter()
