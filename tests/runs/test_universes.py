"""A universe that changes: tickers count on their days alone, a company keeps its rows under its new ticker."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from core import columns as col
from core.errors import DataError
from core.evaluation.joined import returns_over
from core.features.engineering import engineer
from core.label import EXCESS, Label
from core.sources.symbols import renamed, with_former
from core.tables import limits
from core.tables.artifacts import Table
from core.tables.workplace import Workplace
from core.universe import membership_of, symbols_of
from tests.conftest import prices_csv, small_options

FIRST = date(2020, 1, 1)


def day(number):
    """The day so many days after the first, in ISO."""
    return (FIRST + timedelta(days=number)).isoformat()


def members(*lines):
    """A membership of lines such as ``(0, "AAA", "in")``."""
    text = "date,ticker,change\n" + "".join(
        f"{day(number)},{ticker},{change}\n" for number, ticker, change in lines
    )
    return membership_of(text.encode(), "m.csv")


def prices(days=60, tickers="ABC"):
    """Clean prices of every day."""
    rng = np.random.default_rng(1)
    frames = [
        pd.DataFrame(
            {
                col.DATE: pd.date_range(FIRST, periods=days).astype("datetime64[s]"),
                col.TICKER: name * 3,
                col.ADJ_CLOSE: 50 * np.exp(np.cumsum(rng.normal(0, 0.01, days))),
            }
        )
        for name in tickers
    ]
    return Table("prices_clean", pd.concat(frames).sort_values([col.DATE, col.TICKER], ignore_index=True))


def of(table, ticker):
    """A ticker's rows by number of the day."""
    rows = table.frame[table.frame[col.TICKER] == ticker].copy()
    rows.index = (pd.to_datetime(rows[col.DATE]) - pd.Timestamp(FIRST)).dt.days
    return rows


UNIVERSE = ((0, "AAA", "in"), (30, "BBB", "in"), (40, "BBB", "out"), (50, "BBB", "in"))


def test_rows_of_members_are_those_of_all_rows_with_one_more_day_after_each_stay():
    """BBB is in from day 30 to 39 and from day 50: its first row knows the 30 days before; day 40 has no label."""
    whole, made = engineer(prices()), engineer(prices(), membership=members(*UNIVERSE))
    assert sorted(set(made.frame[col.TICKER])) == ["AAA", "BBB"]
    assert of(made, "BBB").index.tolist() == [*range(30, 41), *range(50, 60)]
    assert of(made, "BBB")[col.MEMBER].tolist() == [1] * 10 + [0] + [1] * 10
    member = of(made, "BBB").query("member == 1").drop(columns=col.MEMBER)
    pd.testing.assert_frame_equal(member, of(whole, "BBB").loc[member.index])
    assert not member.loc[30, list(col.FEATURES[2:-1])].isna().any()
    assert np.isnan(of(made, "BBB").loc[40, col.UP_NEXT])
    about = made.header["membership"]
    assert (about["tickers"], about["went_out"], about["without_prices"], about["never_in"]) == (2, 0, [], 1)


def test_a_label_over_five_sessions_keeps_the_five_days_on_which_it_becomes_known():
    """They have no label themselves."""
    made = engineer(prices(), Label(5, "direction"), membership=members((0, "AAA", "in"), (30, "AAA", "out")))
    rows = of(made, "AAA")
    assert rows.index.tolist() == list(range(35))
    assert rows[col.UP_NEXT].isna().tolist() == [False] * 30 + [True] * 5


def test_an_excess_is_over_the_members_alone():
    """With one member the excess over the mean is never above it: the label is 0 on its days."""
    made = engineer(prices(), Label(1, EXCESS), membership=members((0, "AAA", "in")))
    assert set(of(made, "AAA")[col.UP_NEXT].dropna()) == {0.0}
    assert set(of(engineer(prices(), Label(1, EXCESS)), "AAA")[col.UP_NEXT].dropna()) == {0.0, 1.0}


@pytest.mark.parametrize("label", [Label(1, "direction"), Label(3, EXCESS)], ids=["direction", "excess"])
def test_the_parts_of_a_table_do_not_matter(label, monkeypatch, tmp_path):
    """One part in memory and a ticker a part in a file give the same rows; a part without members leaves none."""
    from core.tables.writer import Scratch, arrow_of

    clean, membership = prices(), members(*UNIVERSE)
    with Scratch(tmp_path) as scratch:
        with Workplace(scratch).writer("prices_clean") as writer:
            for _, rows in clean.frame.groupby(col.TICKER):
                writer.add(arrow_of(rows.reset_index(drop=True)))
            stored = writer.stored({})
        assert stored.parts == 3
        monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 1)
        in_parts = engineer(stored, label, membership=membership, workplace=Workplace(scratch))
        alone = engineer(clean, label, membership=membership)
        assert in_parts.header == alone.header
        pd.testing.assert_frame_equal(in_parts.frame, alone.frame, check_dtype=False, check_categorical=False)


def test_a_universe_without_a_price_is_refused_by_name():
    """Both sides are named."""
    with pytest.raises(DataError, match=r"prices have AAA, BBB, CCC.*rows of ZZZ"):
        engineer(prices(), membership=members((0, "ZZZ", "in")))


SYMBOLS = symbols_of(f"old,new,date\nAAA,BBB,{day(20)}\nBBB,ZZZ,{day(40)}\n".encode(), "s.csv")


def raw(spans):
    """Prices as a source gives them: ticker -> (first, last day)."""
    rows = [(day(n), ticker, 1.0 + n) for ticker, (first, last) in spans.items() for n in range(first, last)]
    frame = pd.DataFrame(rows, columns=[col.DATE, col.TICKER, col.CLOSE])
    tickers = {
        name: {"rows": b - a, "first": day(a), "last": day(b - 1), "outcome": "ok"}
        for name, (a, b) in spans.items()
    }
    return Table("prices_raw", frame, {"source": {"tickers": tickers}})


def test_a_company_keeps_its_rows_under_its_new_ticker_and_a_reused_one_stays():
    """AAA is BBB from day 20 and ZZZ from day 40; rows of AAA after day 20 are another company's."""
    made = renamed(
        raw({"AAA": (0, 30), "BBB": (20, 40), "ZZZ": (40, 50), "CCC": (0, 5)}), SYMBOLS, Workplace()
    )
    assert of(made, "ZZZ").index.tolist() == list(range(50))
    assert of(made, "AAA").index.tolist() == list(range(20, 30))
    assert sorted(made.header["source"]["tickers"]) == ["AAA", "CCC", "ZZZ"]
    assert made.header["source"]["tickers"]["ZZZ"]["first"] == day(0)
    assert [change["rows"] for change in made.header["source"]["symbols"]] == [20, 40]
    assert with_former(("ZZZ",), SYMBOLS) == ("AAA", "BBB", "ZZZ")


@pytest.fixture
def folder(tmp_path):
    """A file of three tickers, a membership in which CCC went out and DDD has no price, and symbols."""
    (tmp_path / "prices.csv").write_text(prices_csv(300, tickers="ABC"), encoding="utf-8")
    lines = [(0, "AAA", "in"), (0, "NEW", "in"), (0, "CCC", "in"), (0, "DDD", "in"), (250, "CCC", "out")]
    text = "".join(f"{day(number)},{ticker},{change}\n" for number, ticker, change in lines)
    (tmp_path / "members.csv").write_text("date,ticker,change\n" + text, encoding="utf-8")
    (tmp_path / "symbols.csv").write_text(f"old,new,date\nBBB,NEW,{day(300)}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("horizon", "over", "last"), [(1, 5, 15), (5, 10, 14)])
def test_returns_over_several_sessions_do_not_leap_over_an_absence(horizon, over, last):
    """CCC is out on the days 20 to 39, and of those only the rows that labels rest on are there."""
    universe = members((0, "AAA", "in"), (0, "CCC", "in"), (20, "CCC", "out"), (40, "CCC", "in"))
    table = engineer(prices(60), Label(horizon), membership=universe)
    rows, level = of(table, "CCC"), of(prices(60), "CCC")[col.ADJ_CLOSE]
    found = returns_over(over, rows[[col.DATE, col.TICKER]].reset_index(drop=True), table, Workplace())
    known = [number for number, value in zip(rows.index, found, strict=True) if not np.isnan(value)]
    assert known == [*range(last + 1), *range(40, 60 - over)]
    expected = [level[number + over] / level[number] - 1 for number in known]
    assert found[~np.isnan(found)] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_training_judging_holding_and_signals_are_of_the_tickers_of_the_day(
    folder, run_luigi, run_afterclose
):
    """CCC is judged until it goes out, has no signal after; the report says so, and that DDD has no price."""
    data, options = folder / "data", small_options(folder / "prices.csv")
    universe = ("--membership", str(folder / "members.csv"), "--symbols", str(folder / "symbols.csv"))
    plain = run_luigi(*options, data=data)
    assert plain.code == 0, plain.err
    done = run_luigi(*options, *universe, data=data)
    assert done.code == 0, done.err
    runs = json.loads(run_afterclose("runs", "--json", data=data).out)
    with_it, without = runs[0]["keys"], runs[1]["keys"]
    assert with_it["ingest"] != without["ingest"]

    def read(keys, stage, name):
        return json.loads((data / "checkpoints" / stage / keys[stage] / f"{name}.json").read_text())

    predictions = read(with_it, "train_or_score", "predictions")
    last = {}
    for row in predictions["rows"]:
        last[row[1]] = max(row[0], last.get(row[1], ""))
    assert last == {"AAA": day(298), "NEW": day(298), "CCC": day(249)}
    assert [signal["ticker"] for signal in predictions["signals"]] == ["AAA", "NEW"]
    body = read(with_it, "evaluate", "evaluation")
    assert body["data"]["membership"]["without_prices"] == ["DDD"]
    assert "membership" not in read(without, "evaluate", "evaluation")["data"]
    report = (data / "checkpoints" / "report" / with_it["report"] / "report.txt").read_text()
    words = " ".join(report.split())
    assert "survivorship is dealt with as far as the file goes" in words
    assert "1 of 4 tickers of the universe have no price: DDD" in words
    assert "BBB is NEW from" in words
    assert "knowing which companies lasted" not in words
    gone = run_luigi(*options, *universe, data=data)
    assert gone.code == 0
    assert gone.messages[0].startswith("nothing to do")
    (folder / "members.csv").write_text("date,ticker,change\n2020-01-01,AAA,joined\n", encoding="utf-8")
    bad = run_luigi(*options, *universe, data=data)
    assert bad.code == 4
    assert "members.csv, line 2: change is 'joined'" in bad.err
    assert run_afterclose("verify", data=data).code == 0


@pytest.mark.slow
def test_a_profile_names_its_universe(folder, run_afterclose):
    """In ``luigi.cfg``; a file that is gone is waited for, by its path."""
    (folder / "luigi.cfg").write_text(
        "[profile:mine]\nsource = files\npath = prices.csv\ncalendar = 24/7\nmin_train_sessions = 120\n"
        "fold_sessions = 60\nbeside =\nbootstrap_samples = 100\nmembership = members.csv\nsymbols = symbols.csv\n",
        encoding="utf-8",
    )
    done = run_afterclose("run", "--profile", "mine", data=folder / "data", cwd=folder)
    assert done.code == 0, done.err
    (folder / "members.csv").unlink()
    waits = run_afterclose("run", "--profile", "mine", data=folder / "data", cwd=folder)
    assert waits.code == 20
    assert "members.csv" in waits.err
