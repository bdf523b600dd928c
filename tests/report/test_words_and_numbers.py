"""What a sentence says and the number beside it: a bound that is passed reads as passed, and is what it is called."""

from __future__ import annotations

import pytest

from core.label import Label
from core.queries.reports import tables
from core.report import sheets, trading_sheets
from core.report.about_results import basis, economics, performance
from core.report.about_slices import calibration_words
from core.report.as_text import lines_of
from core.report.formatting import apart, e_value, percentile
from core.report.meaning import meaning

AHEAD = {"horizon_sessions": 20, "label": "direction"}


def words(section):
    """A section's text in one line."""
    return " ".join(" ".join(lines_of(section)).split())


def test_two_numbers_that_read_alike_get_the_decimals_that_tell_them_apart():
    """Equal ones keep theirs, and so does what is missing; an e-value has none of its own from 100 on."""
    assert apart(0.51306, 0.51344) == ("0.5131", "0.5134")
    assert apart(0.5, 0.5) == ("0.500", "0.500")
    assert apart(None, 0.5) == ("n/a", "0.500")
    assert apart(199.8, 200.0, e_value) == ("199.8", "200.0")


def test_the_hit_rate_and_its_rule_are_told_apart(trained):
    """51.344% is more than 51.306%, and both would read 51.3%."""
    trained["performance"]["hit_rate"]["value"] = 0.51344
    text = words(meaning(trained))
    assert "Hit rate: 51.34% of all calls" in text
    assert "Always saying up was right 51.31% of the time: the model gave more." in text


def test_a_sharpe_ratio_just_above_that_of_holding_reads_so(trained):
    """1.0219 beside 1.0217; what beats holding is the best, not the nearest."""
    trained["performance"]["long_flat_sharpe"]["value"] = 1.0219
    text = words(economics(trained))
    assert "with a Sharpe ratio of 1.0219; buying and holding earned 21.4% with 1.0217." in text
    assert "The model gave more return for its risk than holding." in text
    assert "the best is this model with a Sharpe ratio of 1.0219 against 1.0217" in text


def test_a_difference_that_is_read_as_higher_begins_above_0(trained):
    """An end of 0.00004 would be written 0.000; beside it a negative zero is none."""
    trained["paired"][0] |= {"difference": 0.0201, "low": 0.00004, "high": 0.0402}
    text = words(performance(trained))
    assert "0.020 [0.00004, 0.040] higher" in text


def test_the_calibration_error_is_told_from_what_chance_explains(trained):
    """0.01244 is more than 0.01236."""
    trained["calibration_error"] = {
        "value": 0.01244, "by_chance": 0.008, "by_chance_high": 0.01236, "bins": 10, "binning": "equally many rows",
    }  # fmt: skip
    text = calibration_words(trained)
    assert "is 0.0124 over" not in text
    assert "is 0.01244 over" in text
    assert "more than chance explains" in text
    assert "more than 0.01236 in" in text


def test_a_percentile_below_a_warning_reads_below_it():
    """113 of 119 windows are 94.96 of 100: no warning, so not 95."""
    row = {"ks": 0.1, "ks_p": 0.5, "psi": 0.1, "wasserstein": 0.1, "js": 0.1, "severity": "ok", "reason": ""}
    sheet = sheets.drift({"lag1": {**row, "percentile": 100 * 113 / 119}}).select("percentile")
    assert sheet.written() == [("94.9",)]
    assert (percentile(100 * 36 / 38), percentile(95.0), percentile(None)) == ("94", "95", "n/a")


def test_intervals_are_said_to_be_what_they_are(trained):
    """Percentiles that are widened hold more than 95 of 100 resamples; blocks as bootstrap.block_length makes them."""
    text = basis(trained)
    assert "are to hold the true figure in 95% of cases: they are percentiles of 1,000 resamples" in text
    assert "whole blocks of 10 sessions (fewer in a period under 50)" in text
    assert "widened for how few blocks there are" in text
    ahead = basis({**trained, "label": AHEAD})
    assert "whole blocks of 40 sessions (half of a period under 80, 20 at least)" in ahead
    assert "no shorter than two horizons" not in ahead, "those of 50 sessions are 25 long"


@pytest.mark.parametrize(("label", "looked", "head"), [
    (None, "After 12 sessions it is", "Sessions"), (AHEAD, "After 12 staked sessions it is", "Staked sessions"),
])  # fmt: skip
def test_evidence_is_counted_in_what_was_staked(label, looked, head):
    """Of 240 judged sessions every twentieth is staked upon: those are no 12 sessions."""
    now = {"threshold": 40.0, "sessions": 12, "e_value": 39.997, "worse_e_value": 0.5, "line": []}
    body = {"sequential": now} | ({"label": label} if label else {})
    text = trading_sheets.evidence_basis(body)
    assert looked in text
    assert "39.997 for the model, and 0.50 for calls" in text, "40.00 would be enough"
    assert trading_sheets.evidence(body).columns[1].title == head


def test_figures_of_risk_leave_as_numbers(trained):
    """In the workbook and in the CSV of all figures: a share, not the text that a table has."""
    trained["risk"] = {"volatility": 0.123456, "max_drawdown": None, "reason": None}
    sheet = trading_sheets.risk(trained)
    assert sheet.written()[0] == ("Volatility a year", "12.3%")
    assert [sheet.columns[1].value(row) for row in sheet.rows][:2] == [0.123456, None]
    figures = tables.figures({**trained, "risk": trained["risk"]})
    risk = figures[figures["table"] == "Risk of following the model"].set_index("row")["value"]
    assert risk["Volatility a year"] == 0.123456


def test_no_return_is_that_of_no_skill(trained):
    """Calls that know nothing share in what the market does: 0 is being out of it."""
    assert tables.chance(trained, "long_flat_return") is None
    assert Label.of(trained).is_default
