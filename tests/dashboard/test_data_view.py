"""The Data page on real data roots: full, empty, before features, failed at the gate, damaged."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.journal import Journal


def said(at) -> str:
    """The first error as a reader sees it: without Markdown's escapes."""
    return at.error[0].value.replace("\\", "")


def table(at, *columns):
    """The table that has these columns."""
    return next(d.value for d in at.dataframe if set(columns) <= set(d.value.columns))


@pytest.fixture
def page(root, monkeypatch):
    """Open the page on a data root: ``page(data, run=...)``."""

    def show(data, **query) -> AppTest:
        monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
        monkeypatch.chdir(root)
        at = AppTest.from_file(str(root / "dashboard/views/data.py"), default_timeout=30)
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    return show


def figure(at, number=0):
    """A chart as its JSON."""
    import json

    return json.loads(at.get("plotly_chart")[number].proto.spec)


def test_a_finished_run_shows_prices_feature_and_tables(page, prepared):
    """Two charts, the facts, and the newest rows first."""
    at = page(prepared)
    assert not at.exception
    assert not at.error
    assert {m.label: m.value for m in at.metric}["Rows"] == "600"
    assert [trace["name"] for trace in figure(at)["data"]][:2] == ["Adjusted close", "Mean of 5"]
    assert len(at.get("plotly_chart")) == 2
    assert str(table(at, "adj_close")["date"].iloc[0])[:10] == "2020-10-26"


def test_pickers_change_ticker_period_and_feature(page, prepared):
    """Ticker and feature stand in the address, so that a link shows the same."""
    at = page(prepared)
    at.selectbox(key="ticker").select("BBB").run()
    assert set(table(at, "adj_close")["ticker"]) == {"BBB"}
    at.selectbox(key="feature").select("volatility20").run()
    assert "volatility20" in figure(at, 1)["layout"]["xaxis"]["title"]["text"]
    linked = page(prepared, ticker="BBB", feature="ma20")
    assert linked.selectbox(key="ticker").value == "BBB"
    assert linked.selectbox(key="feature").value == "ma20"
    assert not linked.exception


def test_an_empty_data_root_says_what_to_press(page, data):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in at.info[0].value
    assert not data.exists()


def test_an_unknown_run_in_the_address_is_named(page, prepared):
    """As a message, not a traceback."""
    at = page(prepared, run="20990101T000000Z-ffffff")
    assert not at.exception
    assert "20990101T000000Z-ffffff" in said(at)


def test_a_queued_run_has_nothing_to_show_yet(page, finished):
    """It says so and where to look."""
    Journal(finished).add_run("waiting-1", who="ann", how="desk", request={}, target="report", state="queued")
    at = page(finished, run="waiting-1")
    assert not at.exception
    assert "The page **Run**" in at.info[0].value


def test_a_run_that_failed_at_the_gate_has_nothing_to_show(page, data, run_luigi, tmp_path, make_prices):
    """A real failure: an impossible price."""
    bad = tmp_path / "bad.csv"
    bad.write_text(make_prices(60).replace("50.0,", "-50.0,", 1))
    outcome = run_luigi("--source", "files", "--path", str(bad), "--calendar", "24/7", data=data)
    assert outcome.code == 30, outcome.err
    at = page(data)
    assert not at.exception
    assert at.info
    (run,) = Journal(data).runs()
    at = page(data, run=run.run_id)
    assert not at.exception
    assert run.run_id in at.info[0].value


@pytest.mark.parametrize(
    ("stage", "name"), [("feature_engineer", "features.json"), ("clean", "prices_clean.json")]
)
def test_a_damaged_checkpoint_is_said(page, finished, lookers, stage, name):
    """Nothing of it is drawn."""
    path = lookers.folder_of(finished, stage) / name
    path.write_bytes(path.read_bytes()[:-9])
    at = page(finished)
    assert not at.exception
    assert name in said(at)
    assert not at.get("plotly_chart")
