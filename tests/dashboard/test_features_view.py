"""The Features page on real data roots: full, empty, running, without an evaluation, damaged."""

from __future__ import annotations

import re
from functools import partial

import pytest

from core.journal import Journal
from tests.commands import recorded_run


@pytest.fixture
def page(open_view):
    """Open the page on a data root: ``page(data, run=...)``."""
    return partial(open_view, "features")


def test_a_feature_is_shown_over_time_in_its_windows_and_beside_the_others(page, prepared, reader):
    """Three charts, warm-up and rows; the drift sentence is the evaluation's."""
    at = page(prepared)
    assert not at.exception
    assert [e.value for e in at.error] == []
    time, windows, correlation = reader.figures(at)
    assert time["data"][0]["name"] == "return"
    assert [trace["name"].split(",")[0] for trace in windows["data"]] == ["Before", "Now"]
    assert "up_next" in correlation["data"][0]["y"]
    warm_up = reader.table(at, "Sessions needed first").set_index("Feature")
    assert warm_up.loc["ma20", "Sessions needed first"] == "19"
    assert str(reader.table(at, "adj_close")["date"].iloc[0])[:10] == "2020-10-26"
    assert "Too little history" in reader.said(at.caption)


def test_what_a_column_is_stands_below_its_name_where_no_table_says_it(page, prepared, reader):
    """An input is explained in the table of inputs, once; a level, which no model sees, beside its chart."""
    said = reader.said(page(prepared, feature="return").caption)
    assert "`return`" not in said
    assert "`ma5`: " in reader.said(page(prepared, feature="ma5").caption)


def test_pickers_stand_in_the_address(page, prepared, reader):
    """A link shows the same ticker, feature and period."""
    at = page(prepared, ticker="BBB", feature="volatility20", period="All")
    assert set(reader.table(at, "adj_close")["ticker"]) == {"BBB"}
    assert reader.figures(at)[0]["data"][0]["name"] == "volatility20"
    at.selectbox(key="feature").select("ma5").run()
    assert "does not watch this column" in reader.said(at.caption)
    assert not at.exception


def test_one_ticker_s_windows_are_its_own(page, prepared, reader):
    """Half the values of all: two tickers of 300 days, the first return missing."""
    at = page(prepared)
    assert "472 values before, 126 in the latest 63 sessions" in reader.said(at.caption)
    at.segmented_control(key="of").set_value("AAA").run()
    assert "236 values before, 63 in the latest 63 sessions" in reader.said(at.caption)


def test_a_run_that_is_half_way_shows_features_without_a_judgement(page, finished, lookers, reader):
    """The window is the setting's then."""
    journal = Journal(finished)
    keys = {
        stage: lookers.folder_of(finished, stage).name
        for stage in ("ingest", "validate", "clean", "feature_engineer")
    }
    recorded_run(finished, "half-1", who="ann", how="desk", request={}, target="report", state="queued")
    journal.start("half-1", keys)
    at = page(finished, run="half-1")
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert "does not watch" in reader.said(at.caption)


def test_an_empty_data_root_says_what_to_press(page, data, reader):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in reader.said(at.info)
    assert not data.exists()


def test_a_running_run_has_nothing_to_show_yet(page, finished, reader):
    """It says so and where to look."""
    recorded_run(finished, "going-1", who="ann", how="desk", request={}, target="report", state="running")
    at = page(finished, run="going-1")
    assert not at.exception
    assert "not come as far as features" in reader.said(at.info)


def test_damaged_features_are_said(page, finished, lookers, reader):
    """Nothing of them is drawn."""
    path = lookers.folder_of(finished, "feature_engineer") / "features.json"
    path.write_bytes(path.read_bytes()[:-9])
    at = page(finished)
    assert not at.exception
    assert "features.json" in reader.said(at.error)
    assert not at.get("plotly_chart")


def test_every_input_stands_in_one_table_with_what_it_is_worth(page, finished, reader):
    """The one that the model loses most without comes first; each is explained, and why it drifted is said once."""
    at = page(finished)
    written = [each.proto.body for each in at.get("html") if "What it is" in each.proto.body]
    table = reader.whole(written)
    worth = [float(words) for words in table["Worth in AUC"] if words]
    assert worth == sorted(worth, reverse=True), "nothing moved: those that help stand first"
    assert set(table["Drift"]) <= {"usual", "unusual", "drifted", "too little history", ""}
    plain = {"Simple return of the adjusted close since the session before",
             "How far the adjusted close is above its mean of 20 sessions, as a share"}  # fmt: skip
    assert plain <= set(table["What it is"])
    assert reader.said(at.caption).count("past windows with at least 60 rows") == 2, (
        "once for all, and of the shown"
    )
    markup = " ".join(written)
    links = re.findall(r'href="features\?([^"]*)" target="_self" class="to-page">([^<]+)</a>', markup)
    assert links
    assert all(f"feature={name}" in address for address, name in links)
    assert "up_next" not in {name for _, name in links}, "the label is no input"
    assert "The label, `up_next`: " in reader.said(at.caption)
    assert all(words.endswith(" of 3") for words in table["Test periods helped"])
    assert re.search(r"(None|\d) of the \d+ inputs helps? the model", reader.said(at.markdown)), (
        "the finding first"
    )
