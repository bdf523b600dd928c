"""The Data page on real data roots: full, empty, running, failed at the gate, damaged, repaired."""

from __future__ import annotations

from functools import partial

import pytest

from core.journal import Journal
from core.queries.runs.run_labels import run_name
from tests.commands import recorded_run


@pytest.fixture
def page(open_view):
    """Open the page on a data root: ``page(data, run=...)``."""
    return partial(open_view, "data")


def test_a_finished_run_shows_facts_and_prices(page, prepared, reader):
    """The mean comes from the features, of 300 sessions that of 20 alone; one chart at a time."""
    at = page(prepared)
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert reader.facts(at)["Rows"] == "600"
    (figure,) = reader.figures(at)
    assert [trace["name"] for trace in figure["data"]][:2] == ["Adjusted close", "Mean of 20"]


def test_everything_that_is_picked_stands_in_the_address(page, prepared, reader):
    """So that a link shows the same: part, ticker, period and style. The first part was called Prices before."""
    at = page(prepared, part="Prices", ticker="BBB", period="1 year", style="Candlesticks")
    assert at.selectbox(key="ticker").value == "BBB"
    (figure,) = reader.figures(at)
    assert figure["data"][0]["type"] == "candlestick"
    assert len(figure["data"][0]["x"]) == 37, "a candle for each week of 252 days"
    assert not at.exception
    assert at.segmented_control(key="part").value == "One ticker"


def test_candles_of_a_longer_time_say_what_one_stands_for(page, prepared, reader):
    """300 days are more than 130 candles: weeks, 44 of them from Wednesday, 1 January 2020 on."""
    at = page(prepared, style="Candlesticks", period="All")
    assert len(reader.figures(at)[0]["data"][0]["x"]) == 44
    assert "Unadjusted prices . One candle is a week." in reader.words(at)
    assert "Adjusted close , as the source adjusts it." in reader.words(page(prepared))


def test_coverage_is_drawn_by_ticker_and_month(page, prepared, reader):
    """Ten months of two tickers, and no gap."""
    at = page(prepared, part="Coverage")
    heat, *_legend = reader.figures(at)[0]["data"]
    assert heat["y"] == ["AAA", "BBB"]
    assert len(heat["x"]) == 10
    assert "No session is missing : each of 2 tickers has a row for every session" in reader.words(at)


def test_findings_are_listed_or_said_to_be_none(page, prepared, reader):
    """Here the gate had something to say: there is no adjusted close."""
    at = page(prepared, part="Findings")
    assert set(reader.table(at, "Rule", "Severity")["Severity"]) == {"▲ warning"}


@pytest.mark.slow
def test_what_cleaning_did_is_on_the_chart_and_in_the_table(
    page, data, run_luigi, tmp_path, make_prices, reader
):
    """A real spike that reverts is removed: the line before has it, the line after has not."""
    lines = make_prices(120, tickers="A").splitlines()
    row = lines[60].split(",")
    spike = float(row[5]) * 3
    lines[60] = ",".join([*row[:3], f"{spike * 1.01:.4f}", row[4], f"{spike:.4f}", row[6]])
    file = tmp_path / "spike.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--source", "files", "--path", str(file), "--calendar", "24/7", "--bootstrap-samples", "100"]
    assert run_luigi(*options, data=data).code == 0
    at = page(data, part="Cleaning", period="All")
    assert not at.exception
    traces = {trace["name"]: trace for trace in reader.figures(at)[0]["data"]}
    assert traces["Removed"]["text"] == ["outlier spike"]
    assert len(reader.table(at, "Before", "After")) == 1
    assert "Rows in: 120. Rows out: 119." in reader.said(at.caption)


def test_where_nothing_was_repaired_no_lines_lie_over_each_other(page, prepared, reader):
    """Before and after are one: nothing leads there, and an address of it is answered in words."""
    assert "Cleaning" not in page(prepared).button_group(key="part").options
    at = page(prepared, part="Cleaning")
    assert not at.get("plotly_chart")
    assert "Nothing was repaired. Rows in: 600. Rows out: 600." in reader.said(at.caption)
    (facts,) = [e.proto.body for e in at.get("html") if "figures-line" in e.proto.body]
    assert "part=Findings" in facts


def test_an_empty_data_root_says_what_to_press(page, data, reader):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in reader.said(at.info)
    assert not data.exists()


def test_an_unknown_run_in_the_address_is_named(page, prepared, reader):
    """As a message, not a traceback."""
    at = page(prepared, run="20990101T000000Z-ffffff")
    assert not at.exception
    assert "20990101T000000Z-ffffff" in reader.said(at.error)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_goes_has_nothing_to_show_yet(page, finished, state, reader):
    """It says so and where to look."""
    recorded_run(finished, "going-1", who="ann", how="desk", request={}, target="report", state=state)
    at = page(finished, run="going-1")
    assert not at.exception
    assert "The page **Run** shows where it is" in reader.said(at.info)


def test_a_run_that_is_half_way_shows_prices_without_averages(page, finished, lookers, reader):
    """Cleaned prices are there, features are not yet."""
    journal = Journal(finished)
    keys = {stage: lookers.folder_of(finished, stage).name for stage in ("ingest", "validate", "clean")}
    recorded_run(finished, "half-1", who="ann", how="desk", request={}, target="report", state="queued")
    journal.start("half-1", keys)
    at = page(finished, run="half-1")
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert [trace["name"] for trace in reader.figures(at)[0]["data"]] == ["Adjusted close", "Volume"]


def test_a_run_that_failed_at_the_gate_shows_its_prices_as_they_came(
    page, data, run_luigi, tmp_path, make_prices, reader
):
    """A real failure: an impossible price, marked on the closes that were read."""
    bad = tmp_path / "bad.csv"
    bad.write_text(make_prices(60).replace("50.0,", "-50.0,", 1))
    outcome = run_luigi("--source", "files", "--path", str(bad), "--calendar", "24/7", data=data)
    assert outcome.code == 30, outcome.err
    (run,) = Journal(data).runs()
    at = page(data, run=run.run_id)
    assert not at.exception
    assert run_name(run.run_id) in reader.said(at.info)
    lines = {trace["name"]: trace for trace in reader.figures(at)[0]["data"]}
    assert len(lines["Close as it came"]["x"]) == 60
    assert len(lines["Error found"]["x"]) >= 1


@pytest.mark.parametrize(
    ("stage", "name"), [("feature_engineer", "features.json"), ("clean", "prices_clean.json")]
)
def test_a_damaged_checkpoint_is_said(page, finished, lookers, stage, name, reader):
    """Nothing of it is drawn."""
    path = lookers.folder_of(finished, stage) / name
    path.write_bytes(path.read_bytes()[:-9])
    at = page(finished)
    assert not at.exception
    assert name in reader.said(at.error)
    assert not at.get("plotly_chart")
