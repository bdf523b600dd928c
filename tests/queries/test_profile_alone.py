"""A run that names its profile alone, as a session that is filled in does: calendar and source are the profile's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.queries.operations.attention import situation
from core.queries.operations.profile_history import calendar_of
from core.request import settings as configuration
from core.schedule.freshness import of_profile

PROFILE = "files:prices"


@pytest.fixture
def configured(finished, tmp_path):
    """Settings of XNYS and the sample, over a profile whose file was read with the calendar 24/7."""
    journal = Journal(finished)
    journal.add_run(
        "20300101T000000Z-000000", who="ann", how="schedule", request={"profile": PROFILE, "end": "2020-10-25"},
        target="report", state="queued", profile=PROFILE,
    )  # fmt: skip
    journal.end("20300101T000000Z-000000", "failed", 30, "stopped")
    return replace(configuration.load({}, tmp_path), data=finished)


def test_today_and_the_alarm_follow_the_calendar_of_the_profile(configured):
    """2020-10-24 was a Saturday: a session of 24/7, and none of the exchange that luigi.cfg names."""
    assert configured["calendar"] == "XNYS"
    assert calendar_of(configured, PROFILE) == "24/7"
    (line,) = situation(configured, Journal(configured.data)).lines
    assert (line.name, line.calendar, line.source) == (PROFILE, "24/7", "files")
    stands = of_profile(configured, PROFILE, datetime(2020, 10, 26, 12, tzinfo=UTC))
    assert stands.session == "2020-10-24"  # the Sunday is due at 18:00 of the day after


def test_what_nothing_is_known_of_stands_as_the_settings_do(configured):
    assert configured.where_known("files:never-seen").defaults == configured.defaults
    assert configured.where_known("").defaults == configured.defaults
    assert configured.where_known(PROFILE)["calendar"] == "24/7"


def test_run_again_asks_for_the_newest_report_and_no_past_session(configured):
    """A day that was filled in last is not what a person means by "again"."""
    (line,) = situation(configured, Journal(configured.data)).lines
    assert line.last.request["end"] == "2020-10-25"
    assert line.good is not None
    assert line.to_ask_again == line.good
    assert replace(line, good=None).to_ask_again == line.last
