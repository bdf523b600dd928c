"""User-defined labels: values, words, the audit of how far they look, parts, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.features.auditing import LeakError
from core.features.definitions import FEATURES
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of, outcome_of
from core.label import Label
from core.models.model_rows import rows_of
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of

SECTOR = """
import numpy as np
from core.plugins import label

SECTORS = {"AA": "metals", "BB": "metals", "CC": "food", "DD": "food"}

@label(text="the return is above the mean of its sector", event="better than its sector", across=True)
def beats_sector(panel):
    gained = panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close - 1
    beyond = gained - panel.mean_across(gained, within=panel.of_ticker(SECTORS, "other"))
    return np.where(np.abs(beyond) > 1e-12, beyond > 0, np.nan)
"""
FOUR = ("AA", "BB", "CC", "DD")


def labelled(folder, prices, text, label, **words):
    """Return the features of ``prices`` under a label of the module ``mine.py``, and that label."""
    (folder / "mine.py").write_text(text)
    plugins = Plugins(modules_named("mine.py", folder))
    outcome, label = outcome_of(plugins, label)
    chosen = {"feature_set": FEATURES, "audited": True, **words}
    return engineer(prices, label, outcome=outcome, **chosen), label


@pytest.mark.parametrize("sessions", [1, 5])
def test_a_sector_neutral_label_is_that_of_pandas(tmp_path, prices, sessions):
    """Worked out by groupby from the adjusted closes, a ticker with a hole and one that starts later included."""
    table, _ = labelled(tmp_path, prices(tickers=FOUR), SECTOR, Label(sessions, "beats_sector"))
    frame = prices(tickers=FOUR).frame.sort_values(["ticker", "date"])
    later = frame.groupby("ticker")["adj_close"].shift(-sessions)
    frame["gained"] = later / frame["adj_close"] - 1
    frame["sector"] = frame["ticker"].map({"AA": 1, "BB": 1, "CC": 2, "DD": 2})
    beyond = frame["gained"] - frame.groupby(["date", "sector"])["gained"].transform("mean")
    expected = (beyond > 0).astype("float64").where(beyond.abs() > 1e-12)
    merged = table.frame.merge(frame.assign(expected=expected)[["date", "ticker", "expected"]])
    pd.testing.assert_series_equal(merged["up_next"], merged["expected"], check_names=False)
    assert 0.4 < merged["up_next"].mean() < 0.6
    assert merged.groupby("ticker")["up_next"].apply(lambda values: values.tail(sessions).isna().all()).all()


def test_its_words_and_its_module_stand_in_the_header(tmp_path, prices):
    """Read back, the header gives the same label; the text of the module is kept by its digest."""
    table, label = labelled(tmp_path, prices(tickers=FOUR), SECTOR, Label(5, "beats_sector"))
    assert Label.of(table.header) == label
    assert label.outcome == "the return is above the mean of its sector over the next 5 sessions"
    assert label.text.startswith(
        "1 if the return is above the mean of its sector over the next 5 sessions, else 0"
    )
    assert label.event == "better than its sector"
    assert "not by how much" in label.limits
    assert Label.of_training(label.training) == label
    assert table.header["audit"]["label"] == "beats_sector"
    assert table.header["modules"] == {label.own.sha256: {"mine.py": SECTOR}}


def test_a_row_is_known_when_the_last_ticker_of_its_session_is(tmp_path, prices):
    """A ticker that trades again only after a hole holds up the labels of all that are compared with it."""
    table, _ = labelled(tmp_path, prices(tickers=FOUR), SECTOR, Label(5, "beats_sector"))
    rows = rows_of(table)
    known = ~np.isnat(rows.label_dates)
    by_session = pd.Series(rows.label_dates[known]).groupby(rows.dates[known])
    assert by_session.nunique().max() == 1


def test_parts_give_the_label_of_one_part(tmp_path, prices):
    """One ticker a part, sectors that go across parts: the same rows and the same header."""
    whole = prices(tickers=FOUR)
    expected, _ = labelled(tmp_path, whole, SECTOR, Label(5, "beats_sector"))
    with Scratch() as scratch:
        with TableWriter(scratch, "prices_clean") as writer:
            for _, rows in whole.frame.groupby("ticker"):
                writer.add(arrow_of(rows.reset_index(drop=True)))
            stored = writer.stored({})
        assert stored.parts == len(FOUR)
        workplace = Workplace(scratch)
        table, _ = labelled(tmp_path, stored, SECTOR, Label(5, "beats_sector"), workplace=workplace)
        result = table.frame.astype({"ticker": "str"}).reset_index(drop=True)
    assert table.header == expected.header
    pd.testing.assert_frame_equal(result, expected.frame, check_exact=True, check_dtype=False)


HEAD = """
import numpy as np
from core.plugins import label

_seen = {}

def spread(panel):
    return panel.standard_deviation(panel.adj_close / panel.lag(panel.adj_close, 1) - 1, 20)

"""
HONEST = {
    "clear_rise": (False, "panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close > 1.01"),
    "by_highest": (
        False,
        "np.maximum.reduce([panel.later(panel.adj_close, n) for n in (1, 2, 3)]) > 1.02 * panel.adj_close",
    ),
    "against_volatility": (
        False,
        "panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close - 1 > 0.5 * spread(panel)",
    ),
    "upper_half": (
        True,
        "panel.rank(panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close) > 0.5",
    ),
    # the rows that get a value of the next ticker have no label
    "rolled": (False, "np.roll(panel.adj_close, -panel.horizon_sessions) > panel.adj_close"),
    "volume_swells": (False, "panel.later(panel.mean(panel.volume, 3), 3) > panel.mean(panel.volume, 20)"),
}
LEAKS = {
    "one_further": (False, "panel.lag(panel.adj_close, -panel.horizon_sessions - 1) > panel.adj_close"),
    "to_the_end": (False, "panel.adj_close[-1] > panel.adj_close"),
    "over_the_mean": (
        False,
        "(lambda r: r > np.nanmean(r))(panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close)",
    ),
    "once_a_year": (
        False,
        "panel.lag(panel.adj_close, -panel.horizon_sessions - (panel.month == 2).any()) > panel.adj_close",
    ),
    "in_one_month": (
        False,
        "panel.lag(panel.adj_close, -9) > panel.adj_close if (panel.month == 3).any() else panel.adj_close > 0",
    ),
    "best_of_all_days": (True, "panel.rank(panel.adj_close / panel.adj_close.max()) > 0.5"),
    "remembers": (
        False,
        "panel.adj_close < _seen.setdefault('last', panel.adj_close[-1])",
    ),
}


def module_of(name, across, expression):
    """Return the text of a module with one label."""
    words = f"text='planted', event='planted', warm_up=20, across={across}"
    return f"{HEAD}@label({words})\ndef {name}(panel):\n    return {expression}\n"


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("sessions", [3, 10])
def test_no_honest_label_is_accused(tmp_path, prices, name, sessions):
    """Thresholds, highs on the way, earlier volatility, ranks, volumes; a ticker with a hole among them."""
    table, _ = labelled(tmp_path, prices(), module_of(name, *HONEST[name]), Label(sessions, name))
    assert table.frame["up_next"].nunique() == 2


@pytest.mark.parametrize("name", LEAKS)
def test_a_label_that_looks_further_than_its_horizon_stops_the_run(tmp_path, prices, name):
    """The message names the label, a ticker, a session, and how far a label may look."""
    with pytest.raises(
        LeakError, match=rf"^label {name} of (AA|BB|CC) on 202\d-\d\d-\d\d moves: it is "
    ) as caught:
        labelled(tmp_path, prices(), module_of(name, *LEAKS[name]), Label(3, name))
    assert "the 3 sessions" in caught.value.remedy


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            "panel.later(panel.adj_close, 4)",
            "panel.later looks 4 sessions ahead; a label may look 0 to 3, its horizon",
        ),
        ("panel.adj_close", "label planted gives "),
        ("panel.adj_close[1:] > 0", r"label planted gives shape \(\d+,\)"),
        ("panel.rank(panel.close) > 0.5", "declare it with across=True"),
        ("panel.close / undefined", "NameError"),
    ],
)
def test_what_is_no_label_is_one_message_with_its_line(tmp_path, prices, body, problem):
    """File and line, and what was expected."""
    with pytest.raises(DataError, match=problem) as caught:
        labelled(tmp_path, prices(), module_of("planted", False, body), Label(3, "planted"))
    assert "mine.py, line " in str(caught.value)


def test_a_feature_may_not_look_ahead_through_the_panel(tmp_path, prices):
    """What labels use to look ahead is closed to features, in a message of its own."""
    text = "from core.plugins import feature\n\n@feature(warm_up=0, text='x')\ndef ahead(panel):\n"
    (tmp_path / "mine.py").write_text(text + "    return panel.later(panel.open, 1)\n")
    features = feature_set_of(Plugins(modules_named("mine.py", tmp_path)))
    with pytest.raises(
        DataError, match=r"mine.py, line 5: TooFarAhead: panel.later looks ahead; only a label may"
    ):
        engineer(prices(), feature_set=features)
