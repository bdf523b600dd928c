"""What a reviewer asks for, as the report and the desk write it: fills, months, slices, calibration, inputs."""

from __future__ import annotations

import json
import math

import pytest

from core.queries.reports import tables
from core.report import importance_sheets, sheets, trading_sheets
from core.report.about_slices import calibration_words
from tests.report.test_models_sections import section_of
from tests.report.test_trading import BLOCKS


def estimate(value, low, high):
    """A figure with its interval."""
    return {"value": value, "low": low, "high": high}


PART = {
    "rows": 3325, "sessions": 1714, "auc": 0.4884, "auc_low": 0.4654, "auc_high": 0.5114, "precision": 0.4959,
    "recall": 0.6784, "hit_rate": 0.4893, "brier": 0.2506,
}  # fmt: skip
FILLS = [
    {"fill": "close", "sessions": 2557, "annual_return": estimate(0.056, -0.032, 0.15),
     "sharpe": estimate(0.427, -0.122, 0.972), "reason": None},
    {"fill": "next_open", "sessions": 2556, "annual_return": estimate(0.0497, -0.036, 0.141),
     "sharpe": estimate(0.387, -0.151, 0.9247), "reason": None},
]  # fmt: skip
MORE = {
    "months": [
        {"month": "2003-11", "return": 0.1, "buy_and_hold": 0.2, "sharpe": None},
        {"month": "2003-12", "return": -0.05, "buy_and_hold": 0.1, "sharpe": 0.5},
        {"month": "2004-02", "return": 0.02, "buy_and_hold": -0.5, "sharpe": 1.234},
    ],
    "slices": {
        "volatility": [{"slice": "calm third", **PART}], "market": [],
        "reason": "fewer than 20 judged sessions",
    },
    "calibration_error": {
        "value": 0.0238, "by_chance": 0.0131, "by_chance_high": 0.0201, "bins": 10, "binning": "equally many rows",
    },
    "importance": {
        "folds": 2,
        "inputs": {
            "lag1": {"loss": -0.002, "helped": 1, "coefficient": -0.4055, "positive": 0},
            "return": {"loss": 0.0056, "helped": 2, "coefficient": 0.1, "positive": 2},
        },
        "by_fold": [
            {"fold": f, "auc": 0.5, "rows": 700 + f, "inputs": {
                "lag1": {"loss": 0.01, "deviation": 0.002, "coefficient": -0.4},
                "return": {"loss": 0.02, "deviation": 0.003, "coefficient": 0.1}}}
            for f in (1, 2)
        ],
    },
}  # fmt: skip


def test_returns_over_time_stand_under_economics(trained, rendered):
    """Where a call is filled in words; years compound their months; an absent month is blank."""
    text = section_of(rendered(trained | BLOCKS | MORE)[0], "Economics")
    for line in (
        "earns from that very close, which nobody can trade at any more",
        "2003 4.5% 32.0% 0.50",
        "2004 2.0% -50.0% 1.23",
        "2003 10.0 -5.0 4.5",
        "2004 2.0 2.0",
    ):
        assert line in text, line


def test_both_fills_are_a_table_and_what_is_open_is_not_available():
    """Return and Sharpe ratio with intervals; without opening prices there is no figure."""
    body, nothing = {"settings": {"confidence": 0.95}}, estimate(None, None, None)
    assert trading_sheets.fills(body, FILLS).written() == [
        ("At the close of the call", "2,557", "5.6%", "[-3.2%, 15.0%]", "0.43", "[-0.12, 0.97]"),
        ("At the next open", "2,556", "5.0%", "[-3.6%, 14.1%]", "0.39", "[-0.15, 0.92]"),
    ]
    unfilled = FILLS[1] | {
        "annual_return": nothing,
        "sharpe": nothing,
        "reason": "there are no opening prices",
    }
    assert trading_sheets.fills(body, [FILLS[0], unfilled]).written()[1][2:] == ("n/a",) * 4


def test_states_of_the_market_have_a_section(trained, rendered):
    """Interval beside the AUC; what is not known is said; an older evaluation says that nothing was told apart."""
    text = section_of(rendered(trained | MORE)[0], "By state of the market")
    assert "calm third 3,325 1,714 0.488 [0.465, 0.511] 49.6% 67.8% 48.9% 0.2506" in text
    assert "Not told apart: fewer than 20 judged sessions." in text
    assert "They were not told apart." in section_of(rendered(trained)[0], "By state of the market")


def test_calibration_is_held_against_chance(trained):
    """More than chance explains, or no more; nothing of an evaluation without it."""
    words = calibration_words(trained | MORE)
    assert "is 0.024 over 10 bins of equally many rows: more than chance explains" in words
    assert "would show 0.013 on these rows, and more than 0.020 in 5 of 100 cases" in words
    low = {"calibration_error": MORE["calibration_error"] | {"value": 0.019}}
    assert "no more than chance explains" in calibration_words(trained | low)
    assert calibration_words(trained) == ""


def test_inputs_are_ordered_by_what_they_were_worth(trained, rendered):
    """Losses and coefficients with counts of folds; a model without coefficients has no such columns."""
    text = section_of(rendered(trained | MORE)[0], "Model")
    assert "among at most 702 of the rows" in text
    assert "return 0.0056 2 of 2 0.1000 2 of 2 lag1 -0.0020 1 of 2 -0.4055 0 of 2" in text
    bare = json.loads(json.dumps(MORE["importance"]))
    for entry in bare["inputs"].values():
        entry |= {"coefficient": None, "positive": None}
    sheet = importance_sheets.importance({"importance": bare})
    assert [column.key for column in sheet.columns] == ["input", "loss", "helped"]
    assert "coefficient" not in importance_sheets.importance_words({"importance": bare})
    assert len(importance_sheets.by_fold(MORE).rows) == 4


@pytest.fixture(scope="module")
def body(prepared, lookers):
    """The evaluation of a real small run."""
    return json.loads((lookers.folder_of(prepared, "evaluate") / "evaluation.json").read_bytes())


def test_all_figures_are_one_table_of_the_evaluations_numbers(body):
    """Unrounded, each with its table, row and name; no figure of a table is missing."""
    frame = tables.figures(body)
    assert list(frame.columns) == ["table", "row", "figure", "value"]
    found = {(f.table, f.row, f.figure): f.value for f in frame.itertuples()}
    assert len(found) == len(frame)
    auc = body["performance"]["auc"]
    assert found["Measures", "This model", "AUC"] == auc["value"]
    assert found["Measures", "This model", "AUC, interval from"] == auc["low"]
    ticker, part = next(iter(body["by_ticker"].items()))
    assert found["Tickers", ticker, "AUC"] == part["auc"]
    assert {t for t, _, _ in found} >= {
        "Test periods, in time order",
        "States of the market",
        "Drift by column",
    }


def test_the_desks_months_and_fold_intervals_are_the_evaluations(body):
    """Numbers for the charts; an older evaluation has none."""
    months = tables.months(body)
    assert months["month"].dt.strftime("%Y-%m").tolist() == [entry["month"] for entry in body["months"]]
    intervals = tables.fold_intervals(body)
    assert [None if math.isnan(v) else v for v in intervals["auc_low"]] == [
        f["auc_low"] for f in body["by_fold"]
    ]
    assert tables.months({}).empty
    assert sheets.by_state({"settings": {"confidence": 0.95}}).rows == ()
