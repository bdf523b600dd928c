"""Features and labels of a module of one's own, without a stage: values by hand, and what two models have otherwise."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.features.definitions import FEATURES, header
from core.features.engineering import engineer
from core.features.feature_diff import feature_change
from core.features.market import COLUMNS, MarketPanel
from core.features.members import belongs, of_members
from core.features.plugin_features import feature_set_of, outcome_of
from core.label import Label
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.artifacts import Table
from core.universe import Membership

TEXT = """
import numpy as np
from core.plugins import feature, label

@feature(warm_up=0, text="the close by the rows before it; 0 on the first row")
def spread(panel):
    return np.where(panel.position > 0, panel.close / panel.position, 0.0)

@label(text="the close rises", event="rises", warm_up=1)
def rises(panel):
    return panel.later(panel.close, panel.horizon_sessions) > panel.close

@label(text="how much the close rises", event="rises", warm_up=1)
def gains(panel):
    return panel.later(panel.close, panel.horizon_sessions) - panel.close
"""


@pytest.fixture
def plugins(tmp_path):
    """The module."""
    (tmp_path / "mine.py").write_text(TEXT)
    return Plugins(modules_named("mine.py", tmp_path))


@pytest.fixture
def panel():
    """Closes 1, 2, 1, 3 of one ticker and 5, 6 of another."""
    close = np.array([1.0, 2, 1, 3, 5, 6])
    days = np.array(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "datetime64[D]")
    return MarketPanel.of_rows(
        np.array([0, 0, 0, 0, 1, 1]), days[[0, 1, 2, 3, 0, 1]], dict.fromkeys(COLUMNS, close), ("A", "B")
    )


def test_a_division_by_zero_that_a_feature_masks_itself_warns_nobody(plugins, panel):
    """1 / 0 is computed and thrown away, and no warning becomes an error here."""
    spread = feature_set_of(plugins)[-1]
    assert spread.name == "spread"
    assert spread.compute(panel).tolist() == [0.0, 2.0, 0.5, 1.0, 0.0, 6.0]


def test_a_label_has_no_value_in_its_warm_up_and_on_the_last_rows(plugins, panel):
    """No close is above one that is not there: the function says 0 on a ticker's last row, which has no outcome."""
    rises, _ = outcome_of(plugins, Label(1, "rises"))
    np.testing.assert_array_equal(rises.compute(panel), [np.nan, 0, 1, np.nan, np.nan, np.nan])


def test_a_table_of_features_has_the_label_of_the_module(plugins, panel):
    """By date and ticker: 2 January of A and of B, then 3 January, and A's last two days."""
    rises, label = outcome_of(plugins, Label(1, "rises"))
    bars = dict.fromkeys(COLUMNS, panel.close)
    frame = pd.DataFrame({"date": panel.session.astype("datetime64[s]"), "ticker": list("AAAABB"), **bars})
    made = engineer(Table("prices_clean", frame.astype({"ticker": "str"})), label, outcome=rises).frame
    assert made["ticker"].tolist() == list("ABABAA")
    np.testing.assert_array_equal(made["up_next"], [np.nan, np.nan, 0, np.nan, 1, np.nan])


def test_a_label_that_is_neither_is_named_with_its_value(plugins, panel):
    """The first close rises by one, which passes for 1; the next falls by as much."""
    gains, _ = outcome_of(plugins, Label(1, "gains"))
    with pytest.raises(DataError, match=r"mine\.py, line \d+: label gains gives -1\.0"):
        gains.compute(panel)


def test_a_header_holds_the_text_of_modules_of_features_and_of_a_label(plugins):
    """Under the digest that each names; built-in ones bring no text."""
    own, (rises, _) = feature_set_of(plugins), outcome_of(plugins, Label(1, "rises"))
    digest = own[-1].own["sha256"]
    assert header(own)["modules"] == header(FEATURES, rises)["modules"] == {digest: {"mine.py": TEXT}}
    assert "modules" not in header(FEATURES)


def test_modules_that_are_the_same_in_both_models_are_no_difference():
    """Of two modules one has another text: its line stands there, and the other module does not."""

    def model(mine):
        own = [
            {"name": "body", "text": "x", "module": "mine.py", "sha256": mine},
            {"name": "range", "text": "y", "module": "other.py", "sha256": "c" * 64},
        ]
        texts = {mine: {"mine.py": f"# {mine[0]}"}, "c" * 64: {"other.py": "# c"}}
        return {
            "feature_set": 1,
            "definition_digest": mine,
            "features": ["body"],
            "own": own,
            "modules": texts,
        }

    sources = feature_change(model("a" * 64), model("b" * 64))["sources"]
    assert [(source["module"], source["before"], source["after"]) for source in sources] == [
        ("mine.py", "a" * 64, "b" * 64)
    ]
    assert sources[0]["diff"].splitlines()[-2:] == ["-# a", "+# b"]


IN_AND_OUT = Membership({"A": ((date(2024, 1, 2), "in"), (date(2024, 1, 4), "out"))})


def test_rows_after_a_ticker_went_out_end_its_last_labels_and_have_none():
    """A is in on two days of four: its next row stays, on which the last label of one session becomes known."""
    days = np.array(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "datetime64[D]")
    columns = {"date": days, "close": np.array([1.0, 2, 1, 3]), "up_next": np.array([1.0, 0, 1, np.nan])}
    codes = np.zeros(4, dtype=int)
    rows, kept = of_members(columns, codes, pd.Index(["A"]), IN_AND_OUT, 1)
    assert (rows["close"].tolist(), rows["member"].tolist(), kept.tolist()) == (
        [1, 2, 1],
        [1, 1, 0],
        [0, 0, 0],
    )
    np.testing.assert_array_equal(rows["up_next"], [1, 0, np.nan])


def test_of_no_rows_none_is_a_members():
    """A mask of no rows is a mask: it takes none."""
    nothing = np.empty(0, int)
    member = belongs(IN_AND_OUT, nothing, pd.Index([], dtype="str"), nothing.astype("datetime64[D]"))
    assert nothing[member].tolist() == []
