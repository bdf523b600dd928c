"""The leak audit: every planted leak is caught with its name, no honest feature is accused, and the cost is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from core import columns as col
from core.features import audit_isolated
from core.features.audit import Audit
from core.features.audit_record import DRAWN_ROWS, DRAWN_SESSIONS, FIRST_ROWS
from core.features.auditing import LeakError
from core.features.definitions import FEATURES, Feature
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of
from core.features.price_rows import Prices
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of
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


def test_of_a_feature_across_tickers_the_first_thirty_sessions_are_looked_at_whatever_is_drawn(monkeypatch):
    """200 tickers begin together: a hundred of their 200 sessions are drawn, and the first 30 come with them."""
    tickers, sessions = 200, 200
    codes = np.repeat(np.arange(tickers), sessions)
    days = np.tile(np.arange(sessions), tickers).astype("datetime64[D]")
    prices = Prices(codes, days, {col.ADJ_CLOSE: np.ones(len(codes))})
    values = {"a": np.random.default_rng(1).normal(size=len(codes))}
    feature = Feature("a", lambda panel: panel.adj_close, "", 20, across=True)
    looked = []
    monkeypatch.setattr(
        audit_isolated, "in_copied_process", lambda work, **_: looked.extend(work.args[2].tolist()) or ()
    )
    Audit(prices, [feature], values, 5)._isolated_sessions(feature)
    assert set(days[:FIRST_ROWS].tolist()) <= set(looked)
    assert 100 < len(looked) < 130


def in_parts(frame, scratch):
    """Return prices as a table of one ticker a part."""
    with TableWriter(scratch, "prices_clean") as writer:
        for _, rows in frame.groupby("ticker"):
            writer.add(arrow_of(rows.reset_index(drop=True)))
        return writer.stored({})


def next_return(panel):
    """Look ahead in a table with prices beyond a million."""
    sessions = -1 if panel.adj_close.max() > 1e6 else 1
    return np.nan_to_num(panel.lag(panel.adj_close, sessions) / panel.adj_close)


def test_a_leak_of_this_programs_own_code_is_found_in_whichever_part_it_shows(prices):
    """Later parts are computed from windows alone, in the process of the stage; what looks ahead moves there, too."""
    tickers = ("AA", "BB", "CC")
    for ticker in tickers:
        frame = prices().frame
        frame.loc[frame["ticker"] == ticker, "adj_close"] += 1e6

        features = (*FEATURES, Feature("next_return", next_return, "", 1))
        with Scratch() as scratch:
            table = in_parts(frame, scratch)
            assert table.parts == len(tickers)
            with pytest.raises(LeakError, match=f"^feature next_return of {ticker} on "):
                engineer(table, feature_set=features, workplace=Workplace(scratch), audited=True)


def test_whole_tables_of_this_programs_features_are_computed_in_the_first_part_alone(prices):
    """A feature counts its calls: in a later part, as many as there are batches of windows."""
    frame, calls = prices().frame, []
    frame = frame[frame["ticker"] == "AA"]

    def counted(panel):
        calls.append(len(panel.adj_close))
        return np.ones(len(panel.adj_close))

    days, closes = frame["date"].to_numpy().astype("datetime64[D]"), frame["adj_close"].to_numpy()
    table = Prices(np.zeros(len(frame), int), days, {col.ADJ_CLOSE: closes})
    features, values = [Feature("counted", counted, "", 0)], {"counted": np.ones(len(frame))}
    Audit(table, features, values, 5, first=False).run()
    later = len(calls)
    assert later > 0
    calls.clear()
    Audit(table, features, values, 5, first=True).run()
    assert len(calls) > later + DRAWN_SESSIONS
