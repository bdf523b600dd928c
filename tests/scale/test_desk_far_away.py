"""The desk of a team: data in object storage, the journal in PostgreSQL; all pages, a run, a signature."""

from __future__ import annotations

import sys

import pytest

from core.journal import Journal
from core.platform.storage import local_folder
from core.review.publication import published
from tests.pages import desk_app

pytestmark = pytest.mark.slow

PAGES = ("overview", "runs", "run", "data", "features", "predictions", "model", "report", "audit", "schedules",
         "compare", "trends")  # fmt: skip


@pytest.fixture
def team(remote, url, root, monkeypatch):
    """This process as a machine of the team: the root's URL, the journal's, and a state folder of its own."""
    import streamlit as st

    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.chdir(root)
    monkeypatch.setenv("AFTERCLOSE_DATA", str(remote))
    monkeypatch.setenv("AFTERCLOSE_JOURNAL", url)
    st.cache_resource.clear()
    st.cache_data.clear()
    return remote


def show(page: str, **address: str):
    """Open a page of the desk as a new visitor, and see that nothing on it went wrong."""
    at = desk_app(timeout_s=120)
    for name, value in address.items():
        at.query_params[name] = value
    return healthy(at.switch_page(f"views/{page}.py").run())


def healthy(at):
    """The page, if neither an exception nor an error stands on it."""
    assert not at.exception, [error.value for error in at.exception]
    assert not at.error, [error.value for error in at.error]
    return at


def test_a_run_on_s3_is_seen_signed_and_published_on_the_desk(team, url, root, small_request, wait_until):
    """Started, shown on every page, signed and published as on a disk; the desk's private key is not in the bucket."""
    from core.request import settings
    from core.review.people import Person
    from core.runs.launcher import launch

    show("overview")
    tester = Person("local:tester", "a tester", "operator")
    told = launch(settings.load(), small_request, person=tester, how="desk", folder=root)
    journal = Journal(team, url)
    wait_until(lambda: not journal.run(told.run_id).active, "the run to end", timeout_s=180)
    run = journal.run(told.run_id)
    assert run.state == "succeeded", run.error
    for page in PAGES:
        show(page, run=told.run_id)
    at = show("report", run=told.run_id)
    healthy(at.radio(key="meaning").set_value("approved").run())
    at.text_area(key="comment").set_value("Open sections on purpose.")
    healthy(at.button(key="sign").click().run())
    healthy(at.button(key="publish").click().run())
    folder = published(team, journal, run.keys["report"])
    assert str(folder).startswith(f"{team}/published/")
    assert [path.name.partition(".")[2] for path in (team / "keys").rglob("*")] == ["pub.pem"]
    assert (local_folder(team) / "keys" / "desk.pem").stat().st_mode & 0o077 == 0
    healthy(show("audit"))
