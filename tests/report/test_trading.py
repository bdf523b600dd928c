"""The tables of trading in the report, as the evaluation has them."""

from __future__ import annotations

import pytest

from core.evaluation.trading_blocks import undefined_blocks
from core.report import trading_sheets
from tests.report.test_models_sections import section_of

BLOCKS = {
    "risk": {
        "volatility": 0.1562, "max_drawdown": -0.2744, "turnover": 71.0, "exposure": 0.587,
        "excess_return": -0.2428, "information_ratio": -1.163, "reason": None,
    },
    "costs": [{"bps": 0.0, "annual_return": 0.0943}, {"bps": 20.0, "annual_return": -0.0507}],
    "break_even_bps": 12.679,
    "break_even_reason": None,
    "ic": {
        "mean": -0.0214, "t": -1.714, "rank_mean": -0.0124, "rank_t": -1.028, "sessions": 2557,
        "decay": [
            {"sessions": 1, "mean": -0.0214, "rank_mean": -0.0124},
            {"sessions": 20, "mean": -0.0217, "rank_mean": -0.0233},
        ],
        "quantiles": [{"quantile": q, "rows": 175, "mean_return": 0.0001 * q} for q in range(1, 6)],
        "spread": {"mean": 0.0004, "t": 0.2, "sessions": 175},
        "turnover": {"top": 0.6, "bottom": 0.4, "autocorrelation": 0.35},
        "reason": None,
    },
}  # fmt: skip


def test_risk_and_costs_stand_under_economics(trained, rendered):
    """Each figure once, with the cost at which nothing is left, and from which price a call earns."""
    text = section_of(rendered(trained | BLOCKS)[0], "Economics")
    for line in (
        "Volatility a year 15.6%",
        "Deepest fall from a peak -27.4%",
        "Turnover, times a year 71.0",
        "Return a year over buy and hold -24.3%",
        "20 -5.1%",
        "At 12.7 basis points a change of position nothing is left.",
        "A call is made after a close and earns from that very close.",
        "Equal weights, rebalanced daily 20.9%",
        "Buy and hold: each ticker has an equal share of the money",
    ):
        assert line in text


def test_sorting_stands_under_performance(trained, rendered):
    """A t at one session only, and the fifths."""
    text = section_of(rendered(trained | BLOCKS)[0], "Performance")
    assert "Within each of 2,557 sessions" in text
    assert "1 -0.021 -1.71 -0.012 -1.03" in text
    assert "20 -0.022 n/a -0.023 n/a" in text
    assert "5 175 0.05%" in text
    assert "the lowest and the highest fifth stand in 175 sessions." in text
    assert "The highest fifth earned 0.04% a session beyond the lowest (t 0.20)." in text
    assert "60.0% of the tickers in the highest fifth are new, and 40.0% of those in the lowest." in text
    assert "Ranks correlate by 0.350 with those of the session before." in text


def test_what_is_undefined_says_why(trained, rendered):
    """Every figure n/a, the reasons in words."""
    body = trained | undefined_blocks(5.0, "too short")
    text = section_of(rendered(body)[0], "Economics")
    assert "Volatility a year n/a" in text
    assert "n/a: too short." in text
    assert "There is no break-even cost: too short." in text
    assert "cannot be said: too short." in section_of(rendered(body)[0], "Performance")
    assert trading_sheets.quantiles(body).rows == ()


@pytest.mark.parametrize("name", ["Economics", "Performance"])
def test_an_evaluation_of_before_has_no_such_tables(name, trained, rendered):
    """It is reported all the same."""
    text = section_of(rendered(trained)[0], name)
    assert not any(words in text for words in ("Risk of following", "What costs leave", "Within each of"))
    assert (trading_sheets.risk(trained).rows, trading_sheets.information(trained).rows) == ((), ())


def test_the_evidence_of_a_model_in_use_grows_in_a_line(scored, rendered):
    """At most a dozen sessions in words, first and last among them; the whole line on the page."""
    line = [
        {"date": f"2012-{m:02}-{d:02}", "e_value": 1.0 + m + d / 100, "worse_e_value": 0.5}
        for m in range(7, 13)
        for d in range(1, 22)
    ]
    scored["sequential"] = {
        "e_value": line[-1]["e_value"], "threshold": 40.0, "sessions": 126, "better": False,
        "worse_e_value": 0.5, "worse": False, "line": line,
    }  # fmt: skip
    text, page = rendered(scored)
    words = section_of(text, "Performance")
    assert "After 126 sessions it is 13.21 for the model, and 0.50 for calls that are turned round." in words
    assert "reaches 40 at some session ever with a chance of 1 in 40 at most" in words
    assert "They are valid for one look" in words
    assert "2012-07-01 1 8.01 0.50" in words
    assert "2012-12-21 126 13.21 0.50" in words
    assert len(trading_sheets.evidence(scored).rows) <= trading_sheets.SHOWN_SESSIONS
    assert 'aria-label="Evidence after each session"' in page
    assert page.count("NaN") == 0


@pytest.mark.parametrize("sessions", [0, 1, 2, 12, 13])
def test_short_lines_are_shown_whole(sessions, scored, rendered):
    """None, one and a few sessions."""
    line = [{"date": f"2012-07-{d + 1:02}", "e_value": 1.0, "worse_e_value": 1.0} for d in range(sessions)]
    scored["sequential"] = {
        "e_value": 1.0, "threshold": 40.0, "sessions": sessions, "better": False,
        "worse_e_value": 1.0, "worse": False, "line": line,
    }  # fmt: skip
    rendered(scored)
    rows = trading_sheets.evidence(scored).rows
    assert [row["sessions"] for row in rows] == (
        list(range(1, sessions + 1)) if sessions < 13 else [1, 3, 5, 7, 9, 11, 13]
    )


def test_what_is_not_known_of_the_fifths_is_left_out():
    """No fifths, no words; ranks alone where there are no fifths."""
    assert trading_sheets.steadiness({}) == ""
    nothing = {"mean": None, "t": None, "sessions": 0}
    alone = {"spread": nothing, "turnover": {"top": None, "bottom": None, "autocorrelation": 0.1}}
    assert (
        trading_sheets.steadiness({"ic": alone})
        == "Ranks correlate by 0.100 with those of the session before."
    )
