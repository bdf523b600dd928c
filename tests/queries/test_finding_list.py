"""The findings of a stopped run as a work list: what is open, what was accepted, and what accepting would do."""

from __future__ import annotations

import pytest

from core.queries.runs.finding_list import (
    ACCEPTED,
    OPEN,
    TO_CORRECT,
    consequence,
    outlook,
    tally,
    why_not_accepted,
    work_list,
)

END = "2013-03-01"
WAIVER = (
    b'[[waiver]]\nrule = "non_positive_price"\nticker = "FB"\nwho = "A"\nwhy = "halt"\nuntil = 2013-06-30\n'
)


def finding(rule, ticker="IBM", date="2012-01-03", **more):
    return {
        "rule": rule,
        "severity": "error",
        "ticker": ticker,
        "date": date,
        "count": 1,
        "value": 0.01,
        **more,
    }


def test_each_error_is_open_accepted_or_to_be_corrected(desk_settings):
    """By the file that Retry works with; a waiver that ended before the data counts for nothing."""
    desk_settings.data.mkdir(parents=True)
    (desk_settings.data / "waivers.toml").write_bytes(WAIVER)
    several = [
        finding("non_positive_price", "FB"),
        finding("inconsistent_ohlc"),
        finding("wrong_type", None, None),
        finding("large_move", severity="warning"),
    ]
    items = work_list(desk_settings, {}, several, END)
    assert [item.state for item in items] == [ACCEPTED, OPEN, TO_CORRECT]
    assert items[0].waiver.who == "A"
    assert tally(items) == "3 errors: 1 open, 1 accepted, 1 that can only be corrected."
    assert "stop again at these 2" in outlook(items)
    late = work_list(desk_settings, {}, several, "2013-07-01")
    assert late[0].state == OPEN
    assert outlook(items[:1]) == "All are accepted: Retry goes on."


def test_an_error_of_a_user_defined_rule_says_why_nobody_can_accept_it(desk_settings):
    """The rows can be read; a file of waivers names built-in rules alone."""
    items = work_list(desk_settings, {}, [finding("wide_range")], END)
    assert [item.state for item in items] == [TO_CORRECT]
    assert why_not_accepted(items) == "Waivers are for built-in rules alone (wide range)."
    readable = work_list(desk_settings, {}, [finding("wide_range"), finding("non_positive_price")], END)
    assert why_not_accepted(readable[1:]) == ""
    both = work_list(desk_settings, {}, [finding("wide_range"), finding("missing_column", None, None)], END)
    assert why_not_accepted(both).startswith("The table would be unreadable (missing column). ")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (
            finding("conflicting_duplicate", value=2),
            "Both rows of IBM on 2012-01-03 are left out; nothing takes their place.",
        ),
        (
            finding("non_positive_price"),
            "The row of IBM on 2012-01-03 is left out; nothing takes its place.",
        ),
        (finding("negative_volume"), "The row of IBM on 2012-01-03 stays as it is and counts."),
        (
            finding("too_many_missing_sessions", count=40),
            "The rows of IBM in 40 sessions from 2012-01-03 on stay as they are and count.",
        ),
        (finding("missing_session_everywhere", None), "Nothing is left out or changed."),
    ],
)
def test_what_accepting_does_to_the_rows_is_said_before(desk_settings, about, words):
    """As clean does it."""
    assert consequence(desk_settings, {}, about) == words


def test_accepted_contradicting_rows_are_left_out_as_it_is_said(run_luigi, data, make_prices, tmp_path):
    """The sentence held against a whole run: both rows of the day are gone from the cleaned prices."""
    import json

    lines = make_prices().splitlines()
    row = lines[100].split(",")
    path = tmp_path / "dups.csv"
    path.write_text(
        "\n".join([*lines, ",".join([*row[:2], *("1" for _ in row[2:6]), *row[6:]])]) + "\n", encoding="utf-8"
    )
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        f'[[waiver]]\nrule = "conflicting_duplicate"\nticker = "{row[1]}"\nwho = "A"\nwhy = "x"\nuntil = 2030-01-01\n',
        encoding="utf-8",
    )
    options = ["--source", "files", "--path", str(path), "--calendar", "24/7", "--waivers", str(waivers)]
    done = run_luigi(*options, task="Clean", data=data)
    assert done.code == 0, done.err
    (clean,) = data.glob("checkpoints/clean/*/prices_clean.json")
    rows = [(each[0], each[1]) for each in json.loads(clean.read_bytes())["rows"]]
    assert (row[0], row[1]) not in rows
    assert len(rows) == len(lines) - 2
