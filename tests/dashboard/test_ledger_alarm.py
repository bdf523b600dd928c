"""A ledger that does not hold is said above every page, with what is wrong."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from core.journal.database import FILE_NAME

PAGES = ("overview", "runs", "run", "report", "model", "audit", "schedules")


@pytest.mark.parametrize("view", PAGES)
def test_a_forged_request_is_said_on_every_page(open_view, finished, reader, view):
    """Nothing is said while it holds; the desk stays usable when it does not."""
    assert "ledger" not in reader.said(open_view(view, finished).error)
    with closing(sqlite3.connect(finished / FILE_NAME)) as raw:
        raw.execute("UPDATE run SET who = 'Somebody Else'")
        raw.commit()
    import streamlit as st

    st.cache_resource.clear()  # as after the time between two looks
    at = open_view(view, finished)
    assert not at.exception
    assert "The ledger does not hold" in reader.said(at.error)
    assert "was changed" in reader.said(at.error)


@pytest.mark.parametrize("view", PAGES)
def test_a_name_that_is_no_text_takes_no_page_away(open_view, finished, reader, view):
    """Whoever may write the published folder gives one there bytes of no letter: the alarm says so."""
    (finished / "published" / os.fsdecode(b"caf\xe9") / "x").mkdir(parents=True)
    import streamlit as st

    st.cache_resource.clear()
    at = open_view(view, finished)
    said = reader.said(at.error)
    assert not at.exception
    assert "Unexpected" not in said
    assert "belongs to no signature" in said


@pytest.mark.parametrize("view", ["overview", "run", "runs"])
def test_a_request_that_is_no_text_takes_no_page_away(open_view, finished, reader, view):
    """One that an earlier version took, or that somebody put into the database: the last run's stands on Today."""
    with closing(sqlite3.connect(finished / FILE_NAME)) as raw:
        raw.execute(
            "UPDATE run SET request = ?",
            [r'{"source": "files", "path": "caf\udce9.csv", "columns": "\ud83d", "\ud800": ""}'],
        )
        raw.commit()
    at = open_view(view, finished)
    assert not at.exception
    assert "Unexpected" not in reader.said(at.error)


def test_one_look_serves_all_and_is_repeated_after_a_while(desk_settings, monkeypatch):
    """The time between two looks grows with how long one takes."""
    from dashboard import ledger

    looks, clock = [], [100.0]
    monkeypatch.setattr(ledger.shell, "settings", lambda: desk_settings)
    monkeypatch.setattr(ledger.time, "monotonic", lambda: clock[0])

    def look(_):
        looks.append(clock[0])
        clock[0] += 2.0
        return 0, ["x"]

    monkeypatch.setattr(ledger, "ledger_faults", look)
    watch = ledger.Watch()
    for seconds in (0, 1, 50, 48, 2):
        clock[0] += seconds
        assert watch.faults() == ("x",)
    assert looks == [100.0, 203.0]


def test_a_look_that_does_not_end_is_said(desk_settings, monkeypatch):
    """Others get the last answer meanwhile, and it may have become false."""
    from dashboard import ledger

    clock, seen = [100.0], []
    monkeypatch.setattr(ledger.shell, "settings", lambda: desk_settings)
    monkeypatch.setattr(ledger.time, "monotonic", lambda: clock[0])
    watch = ledger.Watch()

    def look(_):
        for seconds in (60, 600):
            clock[0] += seconds
            seen.append(watch.faults())
        return 0, []

    monkeypatch.setattr(ledger, "ledger_faults", look)
    assert watch.faults() == ()
    assert seen[0] == ()
    assert "has not ended for 11 minutes" in seen[1][0]
