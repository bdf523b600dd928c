"""The leak audit: every planted leak is caught with its name, no honest feature is accused, and the cost is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from core import columns as col
from core.features.audit import Audit
from core.features.audit_record import DRAWN_ROWS, FIRST_ROWS
from core.features.auditing import LeakError
from core.features.definitions import FEATURES, Feature
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of
from core.features.price_rows import Prices
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from tests.commands import ROOT
from tests.plugins.leaks import ACROSS, LEAKS, module_of

HERE = ROOT / "tests" / "plugins"


@pytest.mark.parametrize("name", [*LEAKS, *ACROSS])
def test_a_planted_leak_stops_the_run_by_name(tmp_path, prices, features_in, name):
    """The message names the feature, a ticker, a session and two values."""
    across = name in ACROSS
    text = module_of(name, *(ACROSS if across else LEAKS)[name], across=across)
    with pytest.raises(
        LeakError, match=rf"^feature {name} of (AA|BB|CC) on 202\d-\d\d-\d\d moves: it is .+, and .+"
    ):
        engineer(prices(), feature_set=features_in(tmp_path, text), audited=True)


def test_there_are_forty_of_each():
    """What the counts in the documents rest on."""
    honest = feature_set_of(Plugins(modules_named("honest.py", HERE)))
    assert len(LEAKS) + len(ACROSS) >= 40
    assert len(honest) - len(FEATURES) == 40


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_no_honest_feature_is_accused(prices, seed):
    """Forty at once, with windows, whole histories and other tickers."""
    honest = feature_set_of(Plugins(modules_named("honest.py", HERE)))
    table = engineer(prices(seed=seed), feature_set=honest, audited=True)
    assert table.header["audit"]["features"] == len(honest)
    assert table.header["audit"]["every_session"]


def test_beyond_the_limit_rows_are_drawn_where_a_feature_changes_most():
    """Each ticker's first rows, as many drawn for all features alike, and as many of the feature's largest changes."""
    count = 30_000
    codes = np.repeat(np.arange(3), count // 3)
    days = np.tile(np.arange(count // 3), 3).astype("datetime64[D]")
    values = {name: np.random.default_rng(seed).normal(size=count) for seed, name in enumerate("ab")}
    prices = Prices(codes, days, {col.ADJ_CLOSE: np.ones(count)})
    several = [Feature(name, lambda panel: panel.adj_close, "", 0) for name in values]
    audit = Audit(prices, several, values, 5)
    first = np.flatnonzero(prices.position < FIRST_ROWS)
    drawn = np.random.default_rng(5).choice(count, DRAWN_ROWS, replace=False)
    for feature in several:
        change = np.abs(np.diff(values[feature.name], prepend=values[feature.name][0]))
        most = np.argsort(-change)[:DRAWN_ROWS]
        assert set(audit._chosen(feature).tolist()) == {*first, *drawn, *most}
        assert (np.diff(audit._chosen(feature)) > 0).all()
