"""The choice of a run on Data, Features, Predictions and Model: what it offers, and that it is kept."""

from __future__ import annotations

import json

import pytest

from core.journal import Journal
from tests.commands import recorded_run

PAGES = ("data", "features", "predictions", "model")
PICKER = "picked_run"


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


@pytest.mark.parametrize("view", PAGES)
def test_each_page_says_which_run_it_shows_and_offers_the_others(open_view, twice, reader, view):
    """The newest at first, with session, profile and state; any other is a choice away."""
    data, older, newer = twice
    at = open_view(view, data)
    assert not at.exception
    assert at.selectbox(key=PICKER).value == newer
    assert [older in text or newer in text for text in at.selectbox(key=PICKER).options] == [True, True]
    assert "data to 2020-10-26, profile nightly, succeeded" in reader.said(at.caption)
    at.selectbox(key=PICKER).select_index(1).run()
    assert at.selectbox(key=PICKER).value == older
    assert at.query_params["run"] in (older, [older])
    assert "data to 2020-10-26, profile files:prices" in reader.said(at.caption)
    assert not at.exception


def test_the_choice_is_kept_from_page_to_page(open_view, twice):
    """Also on Report, which has no choice of its own; an address that names a run wins."""
    data, older, newer = twice
    at = open_view("data", data)
    at.selectbox(key=PICKER).select_index(1).run()
    del at.query_params["run"]  # a link of the navigation has none
    at.switch_page("views/model.py").run()
    assert at.selectbox(key=PICKER).value == older
    assert at.query_params["run"] in (older, [older])
    at.query_params["run"] = newer
    at.switch_page("views/features.py").run()
    assert at.selectbox(key=PICKER).value == newer


def test_a_run_that_came_to_nothing_can_be_looked_at_and_left(open_view, twice, reader):
    """It is in the list because the address names it; what is missing is said below."""
    data, _older, newer = twice
    journal = Journal(data)
    journal.add_run("broken-1", who="ann", how="desk", request={}, target="report", state="queued")
    journal.end("broken-1", "failed", 30, "validate: stopped")
    at = open_view("predictions", data, run="broken-1")
    assert at.selectbox(key=PICKER).value == "broken-1"
    assert "failed" in reader.said(at.caption)
    assert "not come as far as predictions" in reader.said(at.info)
    at.selectbox(key=PICKER).select_index(1).run()
    assert at.selectbox(key=PICKER).value == newer
    assert not at.info


def test_a_candidate_of_one_run_is_not_carried_over_to_another(open_view, twice, lookers):
    """Promote stands beside it: it must be the model of the run that is shown."""
    data, _older, _ = twice
    body = json.loads((lookers.folder_of(data, "evaluate") / "evaluation.json").read_bytes())
    own, other = body["model"]["model_id"], "feedfacefeedface"[: len(body["model"]["model_id"])]
    path = data / "models" / f"{own}.json"
    path.with_name(f"{other}.json").write_bytes(path.read_bytes())
    at = open_view("model", data)
    at.selectbox(key="decision_model").set_value(other).run()
    assert at.selectbox(key="decision_model").value == other
    at.selectbox(key=PICKER).select_index(1).run()
    assert at.selectbox(key="decision_model").value == own


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
    at.selectbox(key=PICKER).set_value(older).run()
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert at.selectbox(key="ticker").value in ("AAA", "BBB")
