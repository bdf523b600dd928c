"""Waivers: what a person accepts passes and is listed; what nobody accepts, expired or malformed, does not."""

from __future__ import annotations

import pandas as pd
import pytest

from core.errors import SettingsError, ValidationFailed
from core.prices.catalogue import RULES
from core.prices.cleaning import clean
from core.prices.validation import validate
from core.prices.waivers import parse
from tests.prices.conftest import SESSIONS, TODAY, defaults, quiet_frame, table

BLOCK = """
[[waiver]]
rule = "{rule}"
ticker = "{ticker}"
who = "Ada L."
why = "checked against the exchange"
until = {until}
"""


def waiver(rule, *, ticker="AAA", until="2012-12-31", more=""):
    """One waiver, read from its file."""
    return parse((BLOCK.format(rule=rule, ticker=ticker, until=until) + more).encode(), "waivers.toml")


def faulty(**cells):
    """Quiet rows with a fault on 2012-01-06."""
    frame = quiet_frame()
    for name, value in cells.items():
        frame.loc[3, name] = value
    return table(frame)


NEGATIVE = {"volume": -5.0}


def test_an_accepted_error_does_not_stop_the_run_and_is_listed_with_who_and_why():
    """It leaves the findings and stands under the source's waivers."""
    _, document = validate(
        faulty(**NEGATIVE), defaults("validate"), today=TODAY, waivers=waiver("negative_volume")
    )
    assert document.body["findings"] == []
    assert document.body["source"]["waivers"] == [
        {
            "rule": "negative_volume", "severity": "error", "ticker": "AAA", "date": "2012-01-06",
                "dates": ["2012-01-06"], "count": 1, "value": -5,
            "who": "Ada L.", "why": "checked against the exchange", "until": "2012-12-31",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        waiver("negative_volume", ticker="BBB"),
        waiver("zero_volume"),
        waiver("negative_volume", more="first = 2012-01-09\n"),
        waiver("negative_volume", more='last = "2012-01-05"\n'),
        waiver("negative_volume", ticker=""),
        (),
    ],
    ids=["ticker", "rule", "after", "before", "no-ticker", "none"],
)
def test_nothing_else_gets_past_an_error(given):
    """Another ticker, rule or day is another finding."""
    with pytest.raises(ValidationFailed, match="negative_volume"):
        validate(faulty(**NEGATIVE), defaults("validate"), today=TODAY, waivers=given)


def test_a_waiver_covers_its_days_inclusively():
    """First and last belong to it."""
    given = waiver("negative_volume", more="first = 2012-01-06\nlast = 2012-01-06\n")
    validate(faulty(**NEGATIVE), defaults("validate"), today=TODAY, waivers=given)


def test_an_expired_waiver_does_nothing_and_the_message_says_so():
    """The time is held against the data's last session, so the same data always give the same answer."""
    end = SESSIONS[-1]
    validate(
        faulty(**NEGATIVE), defaults("validate"), today=TODAY, waivers=waiver("negative_volume", until=end)
    )
    with pytest.raises(ValidationFailed, match=r"expired: negative_volume of AAA until 2012-02-13") as raised:
        validate(
            faulty(**NEGATIVE),
            defaults("validate"),
            today=TODAY,
            waivers=waiver("negative_volume", until="2012-02-13"),
        )
    (idle,) = raised.value.findings["source"]["waivers_without_effect"]
    assert idle["state"] == "expired"


def test_a_waiver_without_a_finding_is_said_to_be_unused():
    """So that a person can take it off the list."""
    _, document = validate(
        table(quiet_frame()), defaults("validate"), today=TODAY, waivers=waiver("zero_volume")
    )
    assert document.body["source"]["waivers"] == []
    (idle,) = document.body["source"]["waivers_without_effect"]
    assert (idle["state"], idle["rule"]) == ("unused", "zero_volume")


def test_a_session_missing_for_all_is_accepted_without_a_ticker():
    """A finding of no ticker."""
    frame = quiet_frame().drop(index=5)
    given = waiver("missing_session_everywhere", ticker="", more="first = 2012-01-10\nlast = 2012-01-10\n")
    validate(table(frame), defaults("validate"), today=TODAY, waivers=given)


def cleaned(prices, given, **actions):
    """Validate with waivers, then clean."""
    valid, _ = validate(prices, defaults("validate"), today=TODAY, waivers=given)
    return clean(valid, defaults("clean", **actions))


def test_an_accepted_spike_is_kept_by_clean():
    """A person looked: the leap was real."""
    prices = faulty(close=300.0, adj_close=300.0, high=301.0)
    assert [r["rule"] for r in cleaned(prices, ())[1].body["repairs"]] == ["outlier_spike"]
    made, repairs = cleaned(prices, waiver("outlier_spike"))
    assert repairs.body["repairs"] == []
    assert made.frame["close"].max() == 300.0
    again, second = clean(made, defaults("clean"))
    assert second.body["repairs"] == []
    assert again.frame.equals(made.frame)


def test_an_accepted_row_that_cannot_be_used_is_removed_on_record():
    """A price of 0 and a contradiction are accepted, not used."""
    made, repairs = cleaned(faulty(low=0.0), waiver("non_positive_price"))
    assert [(r["rule"], r["date"]) for r in repairs.body["repairs"]] == [("non_positive_price", "2012-01-06")]
    assert len(made.frame) == 29
    frame = quiet_frame()
    twice = frame.iloc[[3]].assign(close=100.9)
    both = table(pd.concat([frame, twice], ignore_index=True))
    made, repairs = cleaned(both, waiver("conflicting_duplicate"))
    assert [r["rule"] for r in repairs.body["repairs"]] == ["conflicting_duplicate"] * 2
    assert len(made.frame) == 29


GOOD = BLOCK.format(rule="zero_volume", ticker="AAA", until="2012-12-31")
MALFORMED = [
    ("not [toml", ["not readable TOML"]),
    (b"\xff", ["not readable TOML"]),
    ("waivers = 1", ["'waivers'", "[[waiver]] blocks"]),
    ("waiver = 1", ["[[waiver]] blocks"]),
    ("waiver = [1]", ["waiver 1"]),
    (GOOD + 'wy = "x"', ["waiver 1", "'wy'", "Did you mean why?"]),
    (GOOD.replace("zero_volume", "zero_volum"), ["waiver 1", "'zero_volum'", "Did you mean zero_volume?"]),
    (GOOD.replace("zero_volume", "missing_column"), ["missing_column", "nobody can accept"]),
    (GOOD.replace('"Ada L."', '"  "'), ["says no who"]),
    (GOOD.replace("2012-12-31", '"soon"'), ["until", "'soon'", "YYYY-MM-DD"]),
    (GOOD.replace("2012-12-31", "2012-12-31T10:00:00"), ["until", "YYYY-MM-DD"]),
    (GOOD.replace("until = 2012-12-31", ""), ["says no until"]),
    (GOOD + "first = 2012-02-01\nlast = 2012-01-01", ["2012-02-01 to 2012-01-01"]),
    (GOOD + GOOD.replace('who = "Ada L."', "who = 7"), ["waiver 2", "who"]),
]


@pytest.mark.parametrize(("text", "words"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_file_is_refused_with_its_place(text, words):
    """A waiver that cannot be read must not be taken for one that is not there."""
    with pytest.raises(SettingsError) as raised:
        parse(text if isinstance(text, bytes) else text.encode(), "waivers.toml")
    message = str(raised.value)
    assert message.startswith("waivers.toml")
    assert [word for word in words if word not in message] == []
    assert raised.value.exit_code == 4


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if not rule.waivable])
def test_what_makes_a_table_unreadable_cannot_be_accepted(rule):
    """Every structural rule."""
    with pytest.raises(SettingsError, match="nobody can accept"):
        waiver(rule)
