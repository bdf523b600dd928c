"""Own features on tables of several parts: the values are those of one part that holds everything."""

import pandas as pd

from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of
from tests.commands import ROOT


def test_ranks_and_means_across_parts_are_those_of_one_part(prices):
    """Forty features, one ticker a part: bit-equal, and audited within each part."""
    whole = prices()
    features = feature_set_of(Plugins(modules_named("honest.py", ROOT / "tests" / "plugins")))
    expected = engineer(whole, feature_set=features).frame
    with Scratch() as scratch:
        with TableWriter(scratch, "prices_clean") as writer:
            for _, rows in whole.frame.groupby("ticker"):
                writer.add(arrow_of(rows.reset_index(drop=True)))
            stored = writer.stored({})
        assert stored.parts > 1
        table = engineer(stored, feature_set=features, workplace=Workplace(scratch), audited=True)
        result = table.frame.astype({"ticker": "str"}).reset_index(drop=True)
    assert table.header == engineer(whole, feature_set=features, audited=True).header
    pd.testing.assert_frame_equal(result, expected, check_exact=True, check_dtype=False)
