"""The leak audit: every planted leak is caught with its name, no honest feature is accused, and the cost is bounded."""

from __future__ import annotations

import pytest

from core.features.auditing import LeakError
from core.features.definitions import FEATURES
from core.features.engineering import engineer
from core.features.own import feature_set_of
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
