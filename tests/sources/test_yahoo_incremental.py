"""Tomorrow's run: what is copied, what is asked for, and what happens when Yahoo says otherwise."""

from __future__ import annotations

import pytest

from core.errors import SourceError
from core.sources.live_rows import disagreements

TUESDAY = "2024-01-30T22:00:00"
WEDNESDAY = "2024-01-31T22:00:00"


@pytest.fixture
def days(loopback):
    """The 41 weekdays up to Thursday, 2024-02-01 (the stand-in knows no holidays)."""
    return [d for d in loopback.weekdays("2023-12-07", 60) if d <= "2024-02-01"]


@pytest.fixture
def two(yahoo, loopback, days):
    """AAA and BBB up to Wednesday, 2024-01-31."""
    for number, ticker in enumerate(("AAA", "BBB"), start=1):
        yahoo.stocks[ticker] = loopback.Stock(loopback.walk(days[:-1], 50.0 * number))
    return yahoo


def rows_of(table):
    """All rows as tuples."""
    return list(table.frame.itertuples(index=False, name=None))


def test_the_next_day_asks_only_for_what_is_new_and_an_overlap(two, ingest, days):
    """The rest is copied; the table is the one that a whole fetch gives."""
    first, _, _ = ingest(TUESDAY, tickers="AAA,BBB")
    two.requests.clear()
    second, table, lines = ingest(WEDNESDAY, tickers="AAA,BBB")
    assert two.asked("AAA") == two.asked("BBB") == [(days[-12], "2024-02-01")]
    assert table.header["source"]["copied"] == {
        "from": first.slot.key,
        "sha256": ingest_digest(ingest, first),
        "rows": 2 * (len(days) - 2),
        "tickers": {"AAA": len(days) - 2, "BBB": len(days) - 2},
    }
    (told,) = [line for line in lines if line["event"] == "copied"]
    assert (told["key"], told["rows"]) == (first.slot.key, 2 * (len(days) - 2))
    _, whole, _ = ingest(WEDNESDAY, tickers="AAA,BBB", fresh=True)
    assert rows_of(table) == rows_of(whole)
    assert whole.header["source"]["copied"] is None
    assert second.parameters["vintage"] == 0


def ingest_digest(ingest, plan):
    """Digest of a committed ``prices_raw``."""
    from core.store.checkpoints import Store

    (digest,) = Store(ingest.settings.data).meta(plan.slot).digests.values()
    return digest


def test_the_overlap_is_a_setting(two, ingest, days):
    """Three sessions."""
    ingest(TUESDAY)
    two.requests.clear()
    ingest(WEDNESDAY, yahoo_overlap_sessions="3")
    assert two.asked("AAA") == [(days[-5], "2024-02-01")]


def test_a_restated_adjustment_is_told_and_the_whole_range_is_fetched(two, ingest, days):
    """A dividend on Wednesday restates every adjusted close before it; only AAA is fetched whole."""
    ingest(TUESDAY, tickers="AAA,BBB")
    stock = two.stocks["AAA"]
    stock.dividends = {days[-2]: 0.5}
    for row in stock.rows[:-1]:
        row[5] = round(row[5] * 0.99, 6)
    two.requests.clear()
    _, table, lines = ingest(WEDNESDAY, tickers="AAA,BBB")
    assert len(two.asked("AAA")) == 2
    assert two.asked("AAA")[1][0] < "1930"
    assert len(two.asked("BBB")) == 1
    restated = table.header["source"]["restated"]
    assert list(restated) == ["AAA"]
    assert [(r["date"], r["column"]) for r in restated["AAA"]] == [(day, "adj_close") for day in days[-12:-2]]
    assert restated["AAA"][0]["after"] == pytest.approx(restated["AAA"][0]["before"] * 0.99)
    assert table.header["source"]["copied"]["tickers"] == {"BBB": len(days) - 2}
    (told,) = [line for line in lines if line["event"] == "restated"]
    assert (told["ticker"], told["rows"]) == ("AAA", restated["AAA"])
    a = table.frame[table.frame["ticker"] == "AAA"]
    assert a["adj_close"].tolist() == [row[5] for row in stock.rows]


def test_a_split_replaces_all_prices_before_it(two, ingest, days):
    """No row of yesterday's prices survives beside today's."""
    ingest(TUESDAY)
    stock = two.stocks["AAA"]
    stock.splits = {days[-2]: (2, 1)}
    for row in stock.rows:
        row[1:6] = [value / 2 for value in row[1:6]]
    _, table, _ = ingest(WEDNESDAY)
    assert table.frame["close"].tolist() == [row[4] for row in stock.rows]
    assert table.header["source"]["copied"] is None


def test_a_late_correction_of_one_value_is_told(two, ingest, days):
    """Yesterday's volume was not final."""
    ingest(TUESDAY)
    two.stocks["AAA"].rows[-2][6] += 7
    _, table, _ = ingest(WEDNESDAY)
    before = float(two.stocks["AAA"].rows[-2][6] - 7)
    assert table.header["source"]["restated"] == {
        "AAA": [{"date": days[-3], "column": "volume", "before": before, "after": before + 7}]
    }
    assert table.frame["volume"].iloc[-2] == before + 7


def test_a_row_that_came_late_or_went_away_is_told(two, ingest, days):
    """Both are restatements."""
    late = two.stocks["AAA"].rows.pop(-4)
    ingest(TUESDAY)
    two.stocks["AAA"].rows.insert(-3, late)
    gone = two.stocks["AAA"].rows.pop(-7)
    _, table, _ = ingest(WEDNESDAY)
    assert table.header["source"]["restated"]["AAA"] == [
        {"date": gone[0], "column": "row", "before": True, "after": None},
        {"date": late[0], "column": "row", "before": None, "after": True},
    ]


def test_noise_in_the_last_digit_is_no_restatement(two, ingest, days):
    """Single precision: the rows committed yesterday stay as they are."""
    _, before, _ = ingest(TUESDAY)
    for row in two.stocks["AAA"].rows:
        row[5] *= 1 + 1e-7
    _, table, _ = ingest(WEDNESDAY)
    assert table.header["source"]["restated"] == {}
    assert rows_of(table)[: len(days) - 2] == rows_of(before)


@pytest.mark.parametrize("request_", [{"tickers": "AAA,BBB"}, {"start": "2023-12-11"}])
def test_another_request_copies_nothing(request_, two, ingest):
    """Other tickers or another start make other rows."""
    ingest(TUESDAY)
    _, table, _ = ingest(WEDNESDAY, **request_)
    assert table.header["source"]["copied"] is None


def test_a_damaged_earlier_checkpoint_is_not_copied_from(two, ingest):
    """The one before it is, if it is whole."""
    monday, _, _ = ingest("2024-01-29T22:00:00")
    tuesday, _, _ = ingest(TUESDAY)
    (path,) = (ingest.settings.data / "checkpoints" / "ingest" / tuesday.slot.key).glob("prices_raw.*")
    path.write_bytes(path.read_bytes().replace(b"5", b"6", 1))
    _, table, _ = ingest(WEDNESDAY)
    assert table.header["source"]["copied"]["from"] == monday.slot.key


def test_a_rerun_rests_on_the_answer_that_is_there(two, ingest):
    """Yahoo is not asked again, whatever it would say now."""
    first, _, _ = ingest(TUESDAY)
    two.requests.clear()
    again, _, _ = ingest(TUESDAY)
    assert again.slot == first.slot
    assert two.requests == []


def test_a_fresh_answer_is_the_next_vintage_and_the_next_run_takes_it(two, ingest):
    """A new key beside the old one, asked for whole; nothing is written over."""
    first, _, _ = ingest(TUESDAY)
    two.stocks["AAA"].rows[3][4] += 0.5
    second, table, _ = ingest(TUESDAY, fresh=True)
    assert (second.parameters["vintage"], second.slot.key != first.slot.key) == (1, True)
    assert table.header["source"]["copied"] is None
    assert ingest(TUESDAY)[0].slot == second.slot
    assert ingest(TUESDAY, fresh=True)[0].parameters["vintage"] == 2


def test_a_damaged_answer_gives_way_to_the_next_vintage(two, ingest):
    """Only an intact one counts; the damaged one stays where it is."""
    first, _, _ = ingest(TUESDAY)
    folder = ingest.settings.data / "checkpoints" / "ingest" / first.slot.key
    (folder / "prices_raw.json").write_text("{}")
    second, _, _ = ingest(TUESDAY)
    assert second.parameters["vintage"] == 1
    assert (folder / "prices_raw.json").read_text() == "{}"


def test_a_failed_answer_takes_no_number(two, ingest, loopback):
    """Nothing was committed."""
    two.always["AAA"] = loopback.BROKEN
    with pytest.raises(SourceError):
        ingest(TUESDAY)
    two.always.clear()
    assert ingest(TUESDAY)[0].parameters["vintage"] == 0


def test_artifacts_hold_neither_host_nor_time(two, ingest):
    """Two data roots that got the same answers have the same bytes; the port of the stand-in is nowhere."""
    plan, _, _ = ingest(TUESDAY)
    folder = ingest.settings.data / "checkpoints" / "ingest" / plan.slot.key
    text = (folder / "prices_raw.json").read_text()
    assert "127.0.0.1" not in text
    assert str(two.server.server_address[1]) not in text.split('"rows"')[0]


def test_disagreements_by_hand():
    """A value, a value that went missing, a day on one side only; later days are not compared."""
    import pandas as pd

    names = ["date", "open", "high", "low", "close", "adj_close", "volume", "dividends", "stock_splits"]
    old = pd.DataFrame(
        [["2024-01-02", 1, 1, 1, 1, 1, 5, 0, 0], ["2024-01-03", 1, 1, 1, 1, 1, 5, 0, 0]], columns=names
    )
    new = pd.DataFrame(
        [["2024-01-03", 1, 1, 1, 2, float("nan"), 5, 0, 0], ["2024-01-04", 9, 9, 9, 9, 9, 9, 0, 0]],
        columns=names,
    )
    assert disagreements(old, new) == [
        {"date": "2024-01-02", "column": "row", "before": True, "after": None},
        {"date": "2024-01-03", "column": "close", "before": 1.0, "after": 2.0},
        {"date": "2024-01-03", "column": "adj_close", "before": 1.0, "after": None},
    ]


def test_an_answer_damaged_while_the_run_goes_on_is_not_asked_for_again_under_its_key(two, ingest):
    """The plan found it intact; other rows must not come to stand under the same key."""
    from datetime import UTC, datetime

    from core.errors import CheckpointError
    from core.platform.progress import silent
    from core.runs.execution import Runner
    from core.runs.log import RunLog

    plan, _, _ = ingest(TUESDAY)
    path = ingest.settings.data / "checkpoints" / "ingest" / plan.slot.key / "prices_raw.json"
    path.write_text("{}")
    two.requests.clear()

    class Watcher:
        """Nobody."""

        def stage(self, *facts):
            """Ignore."""

        def progress(self, stage):
            """Ignore."""
            return silent

    runner = Runner(ingest.settings.data, RunLog(ingest.settings.data, "x"), datetime.now(UTC), Watcher())
    with pytest.raises(CheckpointError, match="damaged while the run went on"):
        runner.run(plan)
    assert two.requests == []
    assert path.read_text() == "{}"
