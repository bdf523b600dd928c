"""What needs a person: failed, damaged, to decide, to sign, to revise, stale; and nothing that is history."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.queries.operations import attention
from core.queries.operations.attention import age_days, situation
from core.request import settings
from core.review import decisions, signoff
from core.review.drafts import signable
from core.review.people import local_person
from core.schedule.freshness import sessions_behind
from core.sources.closing import last_closed_session
from core.store.checkpoints import Store
from tests.shared import copy_root

NOW = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)


@pytest.fixture
def journal(desk_settings):
    return Journal(desk_settings.data)


@pytest.fixture
def asked(desk_settings):
    """What is asked of a person now: (what, line without folders, page)."""

    def look(configured=desk_settings):
        found = situation(configured, Journal(configured.data))
        return [(need.what, re.sub(r"/\S*/", "", need.line), need.page) for need in found.needs]

    return look


def add(journal, run_id, state, *, request=None, error=None, target="report"):
    journal.add_run(run_id, who="a", how="desk", request=request or {}, target=target, state="queued")
    journal.end(run_id, state, 0, error)


def test_a_line_that_failed_last_is_asked_about_and_one_that_went_on_is_not(journal, asked):
    """By profile, else by source and path; what was cancelled on purpose and what runs is no trouble."""
    add(journal, "r1", "failed", request={"source": "files", "path": "a.csv"}, error="clean: no room")
    add(journal, "r2", "failed", request={"source": "yahoo"})
    add(journal, "r3", "succeeded", request={"source": "yahoo"})
    add(journal, "r4", "failed", request={"profile": "megacaps"})
    add(journal, "r5", "cancelled", request={"profile": "megacaps"})
    add(journal, "r6", "interrupted")
    add(journal, "r7", "succeeded", request={"source": "files", "path": "b.csv"})
    assert asked() == [
        ("failed", "sample", "run"),
        ("failed", "megacaps", "run"),
        ("failed", "files:a", "run"),
    ]


def test_the_reason_is_the_first_error(journal, desk_settings):
    add(journal, "r1", "failed", error="clean: no room")
    (need,) = situation(desk_settings, journal).needs
    assert (need.why, need.run_id) == ("Failed in clean: no room", "r1")


def test_lines_have_the_newest_run_first_and_their_source(journal, desk_settings):
    add(journal, "r1", "succeeded", request={"source": "files", "path": "a.csv", "calendar": "24/7"})
    add(journal, "r2", "succeeded")
    told = [
        (line.name, line.source, line.calendar, line.last.run_id)
        for line in situation(desk_settings, journal).lines
    ]
    assert told == [("sample", "sample", "XNYS", "r2"), ("files:a", "files", "24/7", "r1")]


@pytest.mark.slow
def test_what_stopped_comes_first_whichever_profile_ran_last(prepared, desk_settings, asked, monkeypatch):
    """Without it nothing new comes; the rest keeps the order of the profiles."""
    copy_root(prepared, desk_settings.data)
    add(Journal(desk_settings.data), "r9", "failed", request={"profile": "megacaps"})
    expected = [
        ("failed", "megacaps", "run"),
        ("to decide", "files:prices", "model"),
        ("to sign", "files:prices", "report"),
    ]
    assert asked() == expected
    by_last_run = attention._lines
    monkeypatch.setattr(attention, "_lines", lambda *about: list(by_last_run(*about))[::-1])
    assert asked() == expected


@pytest.mark.slow
def test_a_finished_run_asks_for_a_decision_and_a_signature_until_they_are_given(
    prepared, desk_settings, asked, lookers
):
    """Candidate and report wait; promoted and signed, nothing does; a changed byte makes it stale."""
    copy_root(prepared, desk_settings.data)
    assert asked() == [("to decide", "files:prices", "model"), ("to sign", "files:prices", "report")]
    person, journal = local_person(desk_settings), Journal(desk_settings.data)
    found = situation(desk_settings, journal)
    (line,) = found.lines
    assert (line.report, line.data_to) == ("draft", "2020-10-26")
    assert found.champions == {}

    model = next((desk_settings.data / "models").glob("*.json")).stem
    decisions.promote(desk_settings, model, "the first", person=person)
    assert asked() == [("to sign", "files:prices", "report")]
    (champion,) = situation(desk_settings, journal).champions.values()
    assert (champion.model_id, champion.who) == (model, "local user")
    assert champion.trained_to == "2020-10-25"

    key = line.good.keys["report"]
    shown = signable(Store(desk_settings.data), journal, key).sha256
    signoff.sign(
        desk_settings, journal, key, text_sha256=shown, person=person, meaning="approved", comment="nothing to add",
    )  # fmt: skip
    assert asked() == []

    path = lookers.folder_of(desk_settings.data, "clean") / "repairs.json"
    path.write_bytes(path.read_bytes() + b" ")
    assert asked() == [("stale", "files:prices", "report")]


@pytest.mark.slow
def test_a_rejected_candidate_is_decided(prepared, desk_settings, asked):
    copy_root(prepared, desk_settings.data)
    model = next((desk_settings.data / "models").glob("*.json")).stem
    decisions.reject(desk_settings, model, "no better than chance", person=local_person(desk_settings))
    assert asked() == [("to sign", "files:prices", "report")]


@pytest.mark.slow
def test_a_damaged_evaluation_is_said_and_the_rest_is_there(prepared, desk_settings, asked, lookers):
    copy_root(prepared, desk_settings.data)
    (lookers.folder_of(desk_settings.data, "evaluate") / "evaluation.json").write_text("{}", encoding="utf-8")
    assert asked() == [("damaged", "files:prices", "run")]


def test_a_profile_that_is_gone_does_not_stop_the_desk(journal, desk_settings, tmp_path):
    add(journal, "r1", "failed", request={"profile": "gone"})
    (line,) = situation(desk_settings, journal).lines
    assert (line.name, line.source) == ("gone", "sample")
    named = dataclasses.replace(
        settings.load({}, tmp_path), data=desk_settings.data, profiles={"gone": {"source": "yahoo"}}
    )
    assert situation(named, journal).lines[0].source == "yahoo"


@pytest.mark.parametrize(
    ("calendar", "data_to", "behind"),
    [
        ("XNYS", "2026-02-27", 1),  # a Friday; Monday the 2nd has closed at 21:00 UTC
        ("XNYS", "2026-03-02", 0),
        ("XNYS", "2026-02-13", 10),  # Monday the 16th is Presidents' Day
        ("24/7", "2026-02-27", 2),  # the 2nd itself ends at midnight
        ("XNYS", "2026-03-05", 0),
    ],
)
def test_sessions_behind_are_counted_by_the_exchange(calendar, data_to, behind):
    """Counted by hand from the exchange's calendar of early 2026."""
    assert sessions_behind(calendar, data_to, last_closed_session(calendar, NOW)) == behind


def test_ages_are_whole_days():
    assert age_days("2026-03-02T23:59:00+00:00", NOW) == 0
    assert age_days("2026-02-27", NOW) == 3
