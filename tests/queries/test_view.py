"""What a person is shown of a run: boxes from events. Each test has the events beside the boxes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.journal import Event, Journal, Run
from core.queries.runs.progress import (
    StageView,
    asked_for,
    at_work,
    attempts,
    progress,
    share,
    sign_off_view,
    stage_views,
    utc_clock,
)
from core.queries.runs.run_labels import newest_shown
from core.report.formatting import bytes_text
from core.request.settings import load
from core.review.standing import Standing
from core.runs.heartbeat import Pulse

NOW = datetime(2026, 3, 2, 21, 5, 10, tzinfo=UTC)
LINE = ["ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report"]


def run(state="running", *, target="report", ended=None, error=None) -> Run:
    """A run in a state."""
    started = "2026-03-02T21:05:00.000+00:00"
    return Run(1, "r", started, "a", "desk", {}, target, {}, state, started, ended, None, error, "h", None)


def events(*told) -> list[Event]:
    """Events from (second, stage, state, facts)."""
    return [
        Event(n, "r", f"2026-03-02T21:05:{second:02d}.000+00:00", stage, state, facts)
        for n, (second, stage, state, facts) in enumerate(told)
    ]


def boxes(of: Run, *told) -> dict[str, StageView]:
    """The boxes by stage."""
    return {view.stage: view for view in stage_views(of, events(*told), NOW)}


def test_before_the_first_event_every_stage_is_queued():
    """The plan is visible while the run is queued."""
    assert [(v.stage, v.state) for v in stage_views(run("queued"), [], NOW)] == [(n, "queued") for n in LINE]


def test_what_was_there_already_weighs_as_much_as_what_is_made():
    """A run with nothing to do has a size, too."""
    seen = boxes(
        run("succeeded", ended="2026-03-02T21:05:02.000+00:00"),
        (1, "ingest", "reused", {"rows": 12154, "bytes": 1_260_000}),
        (2, "validate", "succeeded", {"rows": 12154, "seconds": 1.1, "bytes": 45_300}),
    )
    assert [seen[stage].bytes and bytes_text(seen[stage].bytes) for stage in LINE[:3]] == [
        "1.3 MB",
        "45.3 kB",
        None,
    ]


def test_done_running_and_queued_stand_side_by_side():
    """A finished stage has rows and seconds; the running one counts from its start."""
    seen = boxes(
        run(),
        (1, "ingest", "started", {}),
        (2, "ingest", "succeeded", {"rows": 12154, "seconds": 1.104}),
        (3, "validate", "started", {}),
    )
    assert seen["ingest"].state == "done"
    assert (seen["ingest"].rows, seen["ingest"].seconds) == (12154, 1.104)
    assert (seen["validate"].state, seen["validate"].seconds) == ("running", 7.0)
    assert seen["clean"].state == "queued"
    assert progress(seen.values()) == (1, 7)


def test_reused_stages_count_as_there():
    """A rerun with nothing to do shows seven reused boxes."""
    seen = boxes(run("succeeded"), *[(1, name, "reused", {"rows": 5}) for name in LINE])
    assert {view.state for view in seen.values()} == {"reused"}
    assert progress(seen.values()) == (7, 7)


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_a_run_that_is_over_has_nothing_running(state):
    """What was cut off is stopped and what never began is not run, whoever ended it."""
    seen = boxes(
        run(state), (1, "ingest", "succeeded", {"rows": 1, "seconds": 1}), (2, "validate", "started", {})
    )
    assert [view.state for view in seen.values()] == ["done", "stopped", *["not run"] * 5]


def test_what_is_out_of_the_ordinary_is_noted():
    """Attempts, waiting for somebody, a damaged checkpoint and a kept model each say so."""
    assert boxes(run(), (1, "ingest", "retried", {"attempt": 1}))["ingest"].note == "attempt 2"
    waiting = boxes(run(), (1, "clean", "waiting", {"holder": "run 7"}))["clean"]
    assert (waiting.state, waiting.note) == ("waiting", "for run 7")
    damaged = boxes(run(), (1, "clean", "quarantined", {}), (2, "clean", "started", {}))["clean"]
    assert (damaged.state, damaged.note) == ("running", "damaged, made again")
    kept = boxes(run(), (1, "train_or_score", "retained", {"model_id": "m"}))["train_or_score"]
    assert (kept.state, kept.note) == ("running", "previous model kept")


def test_a_box_has_the_rows_it_was_given_and_its_attempt():
    """Rows in are those of the stage before; an attempt is counted from the start and from each retry."""
    seen = boxes(
        run(),
        (1, "ingest", "started", {}),
        (2, "ingest", "retried", {"attempt": 1, "reason": "429", "wait_s": 0.2}),
        (3, "ingest", "succeeded", {"rows": 12, "seconds": 1}),
        (4, "validate", "started", {}),
    )
    assert (seen["ingest"].rows_in, seen["ingest"].rows, seen["ingest"].attempt) == (None, 12, 2)
    assert (seen["validate"].rows_in, seen["validate"].attempt) == (12, 1)
    assert (seen["clean"].rows_in, seen["clean"].attempt) == (None, 0)


def test_how_far_a_run_is_counts_what_a_stage_told():
    """Two of seven and half of the third; what another stage told before does not count."""
    views = list(
        boxes(
            run(),
            (1, "ingest", "reused", {}), (1, "validate", "done", {"seconds": 1}), (2, "clean", "started", {}),
        ).values()
    )  # fmt: skip
    assert share(views, Pulse(1.0, "clean", 5, 10)) == 2.5 / 7
    assert share(views, Pulse(1.0, "ingest", 5, 10)) == 2 / 7
    assert share(views, Pulse(None)) == 2 / 7
    assert at_work(views, Pulse(1.0, "clean", 5, 10)) == ", at clean 5 of 10"
    assert at_work(list(boxes(run("queued")).values()), Pulse(None)) == ""


def test_a_run_up_to_a_stage_shows_only_its_line():
    """A run of one stage has that stage and those before it; publishing shows all."""
    assert [v.stage for v in stage_views(run(target="clean"), [], NOW)] == LINE[:3]
    assert [v.stage for v in stage_views(run(target="publish"), [], NOW)] == LINE


def test_sign_off_follows_the_run_and_then_a_person():
    """Queued, then not run or to sign, then what the signature is worth."""
    assert sign_off_view(run("running"), None).state == "queued"
    assert sign_off_view(run("failed"), None).state == "not run"
    assert sign_off_view(run("succeeded"), Standing("draft", None, "")).state == "to sign"
    assert sign_off_view(run("succeeded"), Standing("stale", None, "edited")).state == "stale"


def test_times_are_told_to_the_second_and_a_run_without_an_end_has_no_length():
    """An interrupted run ended nobody knows when, so it claims no seconds."""
    assert utc_clock("2026-03-02T21:05:00.123+00:00") == "2026-03-02 21:05:00"
    assert run(ended="2026-03-02T21:05:04.500+00:00", state="succeeded").took_s(NOW) == 4.5
    assert run("running").took_s(NOW) == 10.0
    assert run("interrupted").took_s(NOW) is None


def test_what_was_asked_for_reads_as_a_line():
    """An empty request is all defaults."""
    assert asked_for({}) == "all defaults"
    assert asked_for({"start": "2012-01-03", "fold_sessions": "60"}) == "start 2012-01-03, fold sessions 60"


def test_the_newest_finished_run_is_found_behind_many_that_failed(tmp_path):
    """However many failed since, the desk shows the last report there is."""
    journal, settings = Journal(tmp_path), load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path)
    assert newest_shown(settings) is None
    for number in range(220):
        name, state = f"r{number}", "succeeded" if number in (3, 5) else "failed"
        journal.add_run(name, who="a", how="desk", request={}, target="report", state="queued")
        journal.end(name, state, 0, None)
    assert newest_shown(settings).run_id == "r5"


def test_each_event_belongs_to_an_attempt_counted_from_one():
    """Told stage by stage; a stage made anew begins again, and what is no work has no attempt."""
    told = events(
        (1, "ingest", "queued", {}), (2, "clean", "queued", {}), (3, "ingest", "started", {}),
        (4, "ingest", "retried", {"attempt": 1}), (5, "ingest", "retried", {"attempt": 2}),
        (6, "ingest", "succeeded", {}), (7, "clean", "reused", {}), (8, "clean", "quarantined", {}),
        (9, "clean", "started", {}), (10, "clean", "failed", {}), (11, "clean", "started", {}),
    )  # fmt: skip
    assert attempts(told) == [None, None, 1, 1, 2, 3, None, None, 1, 1, 1]
