"""Runs are found by state as readers see it, by source, person and words, a page at a time."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.platform.processes import ProcessId, boot_id, this_process
from core.queries.runs.search import RunFilter, find_runs, people


@pytest.fixture
def journal(data):
    """Five runs: two sources, two people, three states, and one whose process is gone."""
    made = Journal(data)
    rows = (
        ("r1", "ann", {"source": "files", "path": "100%_sure.csv"}, "failed", "validate stopped the run"),
        ("r2", "bob", {}, "succeeded", None),
        ("r3", "bob", {"source": "yahoo"}, "failed", "source files is not it"),
    )
    for run_id, who, request, state, error in rows:
        made.add_run(run_id, who=who, how="desk", request=request, target="report", state="queued")
        made.end(run_id, state, 0, error)
    for run_id, process in (("r4", ProcessId(2**22 + 1, 1, boot_id())), ("r5", this_process())):
        made.add_run(
            run_id, who="ann", how="desk", request={}, target="report", state="running", process=process
        )
    return made


def ids(journal, *, page=1, size=10, **wanted):
    return [run.run_id for run in find_runs(journal, RunFilter(**wanted), page=page, size=size).runs]


def test_nothing_wanted_is_everything_newest_first(journal):
    assert ids(journal) == ["r5", "r4", "r3", "r2", "r1"]


def test_a_killed_run_is_found_as_interrupted_and_not_as_running(journal):
    """The table says running; nobody is left to correct it."""
    assert ids(journal, state="interrupted") == ["r4"]
    assert ids(journal, state="running") == ["r5"]
    assert ids(journal, state="failed") == ["r3", "r1"]


def test_a_run_that_named_no_source_had_the_default(journal):
    assert ids(journal, source="files", default_source="sample") == ["r1"]
    assert ids(journal, source="sample", default_source="sample") == ["r5", "r4", "r2"]
    assert ids(journal, source="yahoo", default_source="yahoo") == ["r5", "r4", "r3", "r2"]


def test_a_run_of_a_profile_that_named_no_source_had_that_of_its_profile(journal):
    """A session that is filled in names its profile alone; with files behind it, it is no run of the sample."""
    journal.add_run("r6", who="ann", how="desk", request={"profile": "files:mine"}, target="report", state="queued",
                    profile="files:mine")  # fmt: skip
    sources = {"files:mine": "files", "sample": "sample"}
    assert ids(journal, source="files", default_source="sample", by_profile=sources) == ["r6", "r1"]
    assert ids(journal, source="sample", default_source="sample", by_profile=sources) == ["r5", "r4", "r2"]
    assert ids(journal, source="files", default_source="yahoo", by_profile={"files:mine": "files"}) == [
        "r6",
        "r1",
    ]


def test_words_are_taken_as_they_are_in_any_case(journal):
    """Per cent and underscore are characters and no wildcards."""
    assert ids(journal, text="100%_SURE") == ["r1"]
    assert ids(journal, text="1%e") == []
    assert ids(journal, text="Stopped The") == ["r1"]
    assert ids(journal, text="'; DROP TABLE run; --") == []
    assert ids(journal, text="  ") == ids(journal)


def test_filters_are_meant_together(journal):
    assert ids(journal, who="bob", state="failed") == ["r3"]
    assert ids(journal, who="ann", state="succeeded") == []


def test_pages_count_and_one_past_the_end_is_the_last(journal):
    found = find_runs(journal, RunFilter(), page=2, size=2)
    assert ([run.run_id for run in found.runs], found.count, found.page) == (["r3", "r2"], 5, 2)
    assert find_runs(journal, RunFilter(), page=9, size=2).page == 3
    assert find_runs(journal, RunFilter(who="nobody"), page=3, size=2).count == 0


def test_everybody_who_ran_something_is_named_once(journal):
    assert people(journal) == ["ann", "bob"]
