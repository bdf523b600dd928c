"""What one unit of money became, against a frame's own arithmetic and the figures of the year."""

import numpy as np
import pytest

from core.evaluation.equity import POINTS
from tests.evaluation.test_trading_blocks import body_of, daily_of, judged


def test_the_line_is_the_product_of_the_daily_returns(world, settings):
    """Each point is wealth after that date's call, and the last one gives the year's return that is reported."""
    inputs = world(tickers=6)
    body = body_of(inputs, settings)
    daily, *_ = daily_of(judged(inputs), settings["cost_bps"])
    wealth = (1 + daily).cumprod()
    line = body["equity"]
    assert [point["date"] for point in line] == [str(day)[:10] for day in wealth.index]
    np.testing.assert_allclose([point["model"] for point in line], wealth, rtol=1e-12)
    for key, annual in (
        ("model", body["performance"]["long_flat_return"]["value"]),
        ("buy_and_hold", body["baselines"]["buy_and_hold"]["annual_return"]),
    ):
        assert line[-1][key] ** (252 / len(daily)) - 1 == pytest.approx(annual, rel=1e-9)


def test_a_long_history_is_thinned_and_keeps_its_ends(world, settings):
    """As many points as a picture shows, the last judged date among them."""
    inputs = world(dates=600, judged=400)
    line = body_of(inputs, settings)["equity"]
    days = sorted({str(day)[:10] for day in inputs["predictions"].frame["date"]})
    assert len(line) == POINTS
    assert line[0]["date"] == days[0]
    assert line[-1]["date"] == days[-2], "the last session has no outcome yet"


def test_nothing_judged_is_no_line(world, settings):
    """As for too little data."""
    assert body_of(world(judged=20), settings)["equity"] == []
