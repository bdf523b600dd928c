"""Own features across tickers under a membership: members of the day are compared, and nobody else."""

import numpy as np
import pandas as pd
import pytest

from core.features.engineering import engineer
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of
from core.universe import membership_of

RANK = """
from core.plugins import feature

@feature(warm_up=0, text="rank of the day's move", across=True)
def move_rank(panel):
    return panel.rank(panel.close / panel.open)

@feature(warm_up=0, text="mean move of the day", across=True)
def move_mean(panel):
    return panel.mean_across(panel.close / panel.open)
"""

MEMBERS = """date,ticker,change
2020-06-01,AA,in
2020-07-15,BB,in
2020-09-01,AA,out
2020-10-01,CC,in
2020-11-02,BB,out
2020-11-16,AA,in
"""


@pytest.fixture
def membership():
    """AA, BB and CC come and go; from 2 to 15 November CC is alone."""
    return membership_of(MEMBERS.encode(), "members.csv")


def on_day(made, day):
    """What stands on a day, by ticker: rank, mean, whether it is a member."""
    rows = made[made["date"] == pd.Timestamp(day)]
    return {r.ticker: (r.move_rank, r.move_mean, r.member) for r in rows.itertuples()}


def moves(table):
    """Close over open of each row."""
    return table.frame.assign(move=table.frame["close"] / table.frame["open"])[["date", "ticker", "move"]]


def test_members_of_the_day_are_ranked_and_nobody_else(tmp_path, prices, features_in, membership):
    """Each day is recomputed with pandas from the rows whose ticker is in on it."""
    table = prices()
    made = engineer(table, feature_set=features_in(tmp_path, RANK), membership=membership, audited=True).frame
    members = made[made["member"] == 1].merge(moves(table), on=["date", "ticker"])
    days = members.groupby("date")["move"]
    alone = days.transform("size") == 1
    rank = (days.rank() - 1) / (days.transform("size") - 1).where(~alone)
    np.testing.assert_allclose(members["move_rank"], rank.where(~alone, 0.5), rtol=1e-12)
    np.testing.assert_allclose(members["move_mean"], days.transform("mean"), rtol=1e-12)
    assert {1, 2} <= set(days.size())


def test_who_went_out_has_the_place_it_would_take(tmp_path, prices, features_in, membership):
    """AA's first day out: BB alone counts, and AA stands below or above it without moving it."""
    table = prices()
    made = engineer(table, feature_set=features_in(tmp_path, RANK), membership=membership).frame
    move = moves(table)[lambda rows: rows["date"] == pd.Timestamp("2020-09-01")].set_index("ticker")["move"]
    day = on_day(made, "2020-09-01")
    assert day["BB"] == (0.5, move["BB"], 1)
    assert day["AA"] == (float(move["AA"] > move["BB"]), move["BB"], 0)


def test_other_tickers_of_the_file_change_nothing(tmp_path, prices, features_in, membership):
    """A ticker that is never in may have any price: no byte of the features is another."""
    table, features = prices(tickers=("AA", "BB", "CC", "ZZ")), features_in(tmp_path, RANK)
    other = table.frame.copy()
    other.loc[other["ticker"] == "ZZ", ["high", "close", "adj_close"]] *= 7
    made, again = (
        engineer(type(table)("prices_clean", frame), feature_set=features, membership=membership).frame
        for frame in (table.frame, other)
    )
    pd.testing.assert_frame_equal(made, again, check_exact=True)


def test_a_table_of_several_parts_has_the_values_of_one(tmp_path, prices, features_in, membership):
    """One ticker a part: bit-equal, and audited within each part."""
    whole, features = prices(), features_in(tmp_path, RANK)
    expected = engineer(whole, feature_set=features, membership=membership).frame
    with Scratch() as scratch:
        with TableWriter(scratch, "prices_clean") as writer:
            for _, rows in whole.frame.groupby("ticker"):
                writer.add(arrow_of(rows.reset_index(drop=True)))
            stored = writer.stored({})
        assert stored.parts == 3
        made = engineer(
            stored, feature_set=features, membership=membership, workplace=Workplace(scratch), audited=True
        )
        result = made.frame.astype({"ticker": "str"}).reset_index(drop=True)
    pd.testing.assert_frame_equal(result, expected, check_exact=True, check_dtype=False)
