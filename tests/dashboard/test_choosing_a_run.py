"""The choice of a profile and a session in the head of every page: what it offers, and that it is carried along."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from core.journal import Journal
from tests.commands import recorded_run
from tests.dashboard.conftest import bodies

PAGES = ("data", "features", "predictions", "model")
PROFILE, SESSION, ONLY = "header_profile", "header_session", "only"


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


def runs_linked(at) -> str:
    """The runs that the page's links lead to."""
    return " ".join(link.proto.query_string for link in at.get("page_link"))


@pytest.mark.parametrize("view", PAGES)
def test_each_page_is_about_a_profile_and_a_session_chosen_in_its_head(open_view, twice, view):
    """The newest at first; another profile is a choice away, and the address says so."""
    data, older, newer = twice
    at = open_view(view, data)
    assert not at.exception
    assert at.selectbox(key=PROFILE).value == "nightly"
    assert at.selectbox(key=PROFILE).options == ["files:prices", "nightly"]
    assert at.selectbox(key=SESSION).options == ["2020-10-26"]
    assert newer in runs_linked(at)
    at.selectbox(key=PROFILE).set_value("files:prices").run()
    assert where(at) == {"profile": "files:prices"}
    assert older in runs_linked(at)
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
    assert "failed" in reader.words(at)
    assert "not come as far as predictions" in reader.said(at.info)
    at.selectbox(key=SESSION).set_value("2020-10-26").run()
    assert where(at) == {"profile": "nightly", "session": "2020-10-26"}
    assert not at.info


def drawn(at):
    """What the page says in tables and other elements of HTML."""
    return " ".join(element.proto.body for element in at.get("html"))


def test_a_decision_is_about_the_run_shown_also_after_another_was_chosen(open_view, twice, lookers):
    """The candidate is that of the run, and of no other model that lies here."""
    data, older, _ = twice
    body = json.loads((lookers.folder_of(data, "evaluate") / "evaluation.json").read_bytes())
    own = body["model"]["model_id"]
    at = open_view("model", data, run=older)
    assert own in drawn(at)
    at.selectbox(key=PROFILE).set_value("nightly").run()
    assert not at.exception
    assert own in drawn(at)


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


@pytest.fixture
def two_reports(finished):
    """A data root with two runs of one session that made a report each; their ids, older first."""
    journal = Journal(finished)
    (run,) = journal.runs()
    recorded_run(
        finished, "later-1", who="ann", how="desk", request=run.request, target="report", state="queued"
    )
    journal.start("later-1", {**run.keys, "report": "2020-10-26-0123456789ab"})
    journal.end("later-1", "succeeded", 0, None)
    return finished, run.run_id, "later-1"


def test_of_two_reports_of_one_session_the_head_says_which_is_shown_and_the_other_is_a_choice(
    open_view, two_reports
):
    """They are told apart by what the run did and when; the address names the one that is chosen."""
    data, older, newer = two_reports
    at = open_view("data", data, profile="files:prices", session="2020-10-26")
    names = at.selectbox(key="header_run").options
    assert len(set(names)) == 2
    assert all(re.match(r"trained \d", name) for name in names)
    assert newer in runs_linked(at)
    at.selectbox(key="header_run").set_value(Journal(data).run(older).keys["report"]).run()
    assert where(at) == {"run": older}
    assert older in runs_linked(at)
    assert not at.exception


def test_one_report_of_a_session_is_not_a_choice(open_view, twice):
    """Two runs that confirm one report are shown as one; the link says what it did."""
    data, *_ = twice
    at = open_view("data", data, profile="nightly")
    assert "header_run" not in {widget.key for widget in at.selectbox}
    assert ":blue[Trained run]" in [link.proto.label for link in at.get("page_link")]


@pytest.fixture
def two_profiles(finished):
    """A data root with a finished run of each of two profiles; their ids, that of ``nightly`` last."""
    journal, later = Journal(finished), "20301029T090000Z-abcdef"
    (run,) = journal.runs()
    request = {**run.request, "profile": "nightly"}
    recorded_run(finished, later, who="ann", how="schedule", request=request, target="report", state="queued")
    journal.start(later, run.keys)
    journal.end(later, "succeeded", 0, None)
    with sqlite3.connect(finished / "journal.sqlite") as connection:
        connection.execute("UPDATE run SET profile = 'nightly' WHERE run_id = ?", (later,))
    return finished, run.run_id, later


@pytest.mark.parametrize("view", ["overview", "runs", "audit", "schedules"])
def test_a_page_about_all_profiles_is_narrowed_to_one_and_widened_again_in_its_head(
    open_view, two_profiles, view
):
    """It has no session to choose; pages about a report that are opened next are about the profile that was chosen."""
    data, older, newer = two_profiles
    at = open_view(view, data)
    keys = {widget.key for widget in at.selectbox}
    assert not keys & {PROFILE, SESSION}
    assert at.selectbox(key=ONLY).options == ["All profiles", "files:prices", "nightly"]
    assert at.selectbox(key=ONLY).value == ""
    everything = shown(at)
    at.selectbox(key=ONLY).set_value("nightly").run()
    assert not at.exception
    assert at.query_params[ONLY] in ("nightly", ["nightly"])
    assert older not in shown(at)
    if view != "schedules":  # none is set here
        assert older in everything
        assert newer in shown(at)
    at.selectbox(key=ONLY).set_value("").run()
    assert ONLY not in at.query_params
    assert shown(at) == everything
    at.selectbox(key=ONLY).set_value("files:prices").run()
    at.switch_page("views/data.py").run()
    assert at.selectbox(key=PROFILE).value == "files:prices"


def test_an_address_narrows_such_a_page_and_names_of_none_are_said_to_have_nothing(open_view, two_profiles):
    """As links of before do; a page without any choice above has none."""
    data, older, newer = two_profiles
    at = open_view("runs", data, only="nightly")
    assert at.selectbox(key=ONLY).value == "nightly"
    assert (newer in shown(at), older in shown(at)) == (True, False)
    at = open_view("runs", data, only="nobody")
    assert not at.exception
    assert (newer in shown(at), older in shown(at)) == (False, False)
    assert not {widget.key for widget in open_view("profiles", data).selectbox} & {PROFILE, SESSION, ONLY}


def shown(at) -> str:
    """The runs that are linked in tables and pictures of the page."""
    return " ".join(re.findall(r"run[?]run=([\w-]+)", " ".join(bodies(at))))


@pytest.mark.parametrize("view", ["compare", "trends"])
def test_a_page_about_a_profile_has_no_session_to_choose(open_view, twice, view):
    """Only its profile: what it shows is of several sessions."""
    data, *_ = twice
    at = open_view(view, data)
    assert {PROFILE} == {widget.key for widget in at.selectbox} & {PROFILE, SESSION, "header_run", ONLY}
    assert not at.exception
