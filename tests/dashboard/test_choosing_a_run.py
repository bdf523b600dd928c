"""The choice of a profile and a session in the head of every page: what it offers, and that it is carried along."""

from __future__ import annotations

import json
import sqlite3

import pytest

from core.journal import Journal
from tests.commands import recorded_run

PAGES = ("data", "features", "predictions", "model")
PROFILE, SESSION = "header_profile", "header_session"


@pytest.fixture
def twice(finished):
    """A data root with two finished runs of one request, the newer under a profile; their ids, older first."""
    journal = Journal(finished)
    (run,) = journal.runs()
    request = {**run.request, "profile": "nightly"}
    recorded_run(
        finished, "later-1", who="ann", how="schedule", request=request, target="report", state="queued"
    )
    journal.start("later-1", run.keys)
    journal.end("later-1", "succeeded", 0, None)
    return finished, run.run_id, "later-1"


def where(at) -> dict[str, str]:
    """What the address says of the run, profile and session."""
    names = ("run", "profile", "session")
    values = {name: at.query_params[name] for name in names if name in at.query_params}
    return {name: v[0] if isinstance(v, list) else v for name, v in values.items() if v}


@pytest.mark.parametrize("view", PAGES)
def test_each_page_is_about_a_profile_and_a_session_chosen_in_its_head(open_view, twice, reader, view):
    """The newest at first; another profile is a choice away, and the address says so."""
    data, older, newer = twice
    at = open_view(view, data)
    assert not at.exception
    assert at.selectbox(key=PROFILE).value == "nightly"
    assert at.selectbox(key=PROFILE).options == ["files:prices", "nightly"]
    assert at.selectbox(key=SESSION).options == ["2020-10-26"]
    assert "data to 2020-10-26, profile nightly, succeeded" in reader.said(at.caption)
    assert any(newer in link.proto.label for link in at.get("page_link"))
    at.selectbox(key=PROFILE).set_value("files:prices").run()
    assert where(at) == {"profile": "files:prices"}
    assert "data to 2020-10-26, profile files:prices" in reader.said(at.caption)
    assert any(older in link.proto.label for link in at.get("page_link"))
    assert not at.exception


def test_the_choice_is_carried_from_page_to_page(open_view, twice):
    """By profile and session, also to Report; an address that names a run wins, and goes along as well."""
    data, _older, newer = twice
    at = open_view("data", data, profile="files:prices", session="2020-10-26")
    assert at.selectbox(key=PROFILE).value == "files:prices"
    for name in ("profile", "session"):  # a link of the navigation has none
        del at.query_params[name]
    at.switch_page("views/model.py").run()
    assert at.selectbox(key=PROFILE).value == "files:prices"
    assert where(at) == {"profile": "files:prices", "session": "2020-10-26"}
    at.query_params["run"] = newer
    at.switch_page("views/features.py").run()
    assert at.selectbox(key=PROFILE).value == "nightly"
    for name in where(at):
        del at.query_params[name]
    at.switch_page("views/report.py").run()
    assert where(at) == {"run": newer}


def test_a_session_that_no_report_holds_is_said(open_view, twice, reader):
    """With what to do; nothing else is shown in its place."""
    data, *_ = twice
    at = open_view("data", data, profile="nightly", session="2020-10-25")
    assert "no report of profile nightly holds the session" in reader.said(at.error)
    assert "2020-10-26" in reader.said(at.error)
    assert not at.exception
    at = open_view("data", data, profile="nightlie")
    assert "no run of profile 'nightlie' finished" in reader.said(at.error)


@pytest.fixture
def three_sessions(finished):
    """A data root whose profile has reports for three sessions; their runs, oldest first."""
    journal = Journal(finished)
    (run,) = journal.runs()
    for day in ("2020-10-22", "2020-10-23"):
        run_id = f"of-{day}"
        recorded_run(
            finished, run_id, who="ann", how="schedule", request=run.request, target="report", state="queued"
        )
        journal.start(run_id, run.keys)
        journal.end(run_id, "succeeded", 0, None)
        with sqlite3.connect(finished / "journal.sqlite") as connection:
            connection.execute("UPDATE run SET session = ? WHERE run_id = ?", (day, run_id))
    return finished


def test_earlier_and_later_sessions_are_a_button_away(open_view, three_sessions):
    """The newest has none after it, the oldest none before it."""
    at = open_view("report", three_sessions)
    assert at.selectbox(key=SESSION).options == ["2020-10-26", "2020-10-23", "2020-10-22"]
    assert at.button(key="step-later").disabled
    at.button(key="step-earlier").click().run()
    assert where(at) == {"profile": "files:prices", "session": "2020-10-23"}
    at.button(key="step-earlier").click().run()
    assert at.selectbox(key=SESSION).value == "2020-10-22"
    assert at.button(key="step-earlier").disabled
    at.button(key="step-later").click().run()
    assert at.selectbox(key=SESSION).value == "2020-10-23"


def test_a_run_that_came_to_nothing_can_be_looked_at_and_left(open_view, twice, reader):
    """Its address names it; what is missing is said below, and the head leads on."""
    data, *_ = twice
    journal = Journal(data)
    request = {"profile": "nightly"}
    journal.add_run("broken-1", who="ann", how="desk", request=request, target="report", state="queued")
    journal.end("broken-1", "failed", 30, "validate: stopped")
    at = open_view("predictions", data, run="broken-1")
    assert at.selectbox(key=SESSION).value == ""
    assert "failed" in reader.said(at.caption)
    assert "not come as far as predictions" in reader.said(at.info)
    at.selectbox(key=SESSION).set_value("2020-10-26").run()
    assert where(at) == {"profile": "nightly", "session": "2020-10-26"}
    assert not at.info


def test_a_decision_is_about_the_run_shown_also_after_another_was_chosen(open_view, twice, lookers, reader):
    """The candidate is that of the run, and of no other model that lies here."""
    data, older, _ = twice
    body = json.loads((lookers.folder_of(data, "evaluate") / "evaluation.json").read_bytes())
    own = body["model"]["model_id"]
    at = open_view("model", data, run=older)
    assert own in reader.said(at.caption)
    at.selectbox(key=PROFILE).set_value("nightly").run()
    assert not at.exception
    assert own in reader.said(at.caption)


def test_a_ticker_that_the_other_run_does_not_have_gives_way(open_view, twice, run_luigi, make_prices, small):
    """The page draws the first ticker of the new run and says nothing false."""
    data, older, _ = twice
    path = data.parent / "others.csv"
    path.write_text(make_prices().replace(",BBB,", ",ZZZ,"), encoding="utf-8")
    options = list(small)
    options[options.index("--path") + 1] = str(path)
    assert run_luigi(*options, data=data).code == 0
    at = open_view("data", data, ticker="ZZZ")
    assert at.selectbox(key="ticker").value == "ZZZ"
    at.query_params["run"] = older
    at.run()
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert at.selectbox(key="ticker").value in ("AAA", "BBB")
