"""The leak audit step by step, in the test's own process: what each step finds, and what it leaves alone."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.errors import DataError
from core.features import audit, audit_isolated, auditing
from core.features.across import Request, answered, compared_in_parts, in_two_parts, request_of
from core.features.audit import Audit
from core.features.audit_record import ChangedValue, ValueChanged
from core.features.auditing import Computed
from core.features.definitions import Feature
from core.features.market import COLUMNS
from core.features.price_rows import Prices

OWN = {"module": "mine.py", "line": 1, "sha256": ""}
SESSIONS = 40


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Work that an audit gives to a copy of its process is done here."""
    for module in (audit, audit_isolated):
        monkeypatch.setattr(module, "in_copied_process", lambda work, **_: work())


def prices():
    """Walks of three tickers on forty weekdays."""
    draw = np.random.default_rng(4)
    days = np.busday_offset("2020-01-06", np.arange(SESSIONS))
    close = 50 * np.exp(np.cumsum(draw.normal(0, 0.02, (3, SESSIONS)), axis=1)).ravel()
    columns = {name: close * (1 + 0.1 * draw.random(len(close))) for name in COLUMNS} | {"adj_close": close}
    return Prices(np.repeat([0, 1, 2], SESSIONS), np.tile(days, 3), columns, ("AA", "BB", "CC"))


def feature(name, function, warm_up=0, *, across=False):
    """A user-defined feature; one across tickers sees them."""
    looking = (lambda panel: function(panel.looking_across(panel.across))) if across else function
    return Feature(name, looking, "", warm_up, across=across, own=OWN)


MOVE = feature("move", lambda panel: panel.adj_close / panel.lag(panel.adj_close, 1) - 1, 1)
RANK = feature("rank", lambda panel: panel.rank(panel.close / panel.open), across=True)
TOMORROW = feature("tomorrow", lambda panel: panel.lag(panel.adj_close, -1) / panel.adj_close)
RANK_TOMORROW = feature(
    "rank_tomorrow", lambda panel: panel.rank(panel.lag(panel.adj_close, -1) / panel.adj_close), across=True
)


BUILT_IN = replace(MOVE, name="built_in", own=None)
BUILT_IN_TOMORROW = replace(TOMORROW, name="built_in_tomorrow", own=None)


def audit_of(*features):
    """An audit of what the features give."""
    rows = prices()
    return Audit(rows, features, {each.name: each.compute(rows.panel()) for each in features}, 5)


@pytest.mark.parametrize("honest", [(MOVE,), (RANK,), (BUILT_IN,), (BUILT_IN, MOVE, RANK)])
def test_what_rests_on_rows_up_to_its_own_passes(honest):
    """One feature, one across tickers, one of this program, and all together."""
    assert audit_of(*honest).run() is None


@pytest.mark.parametrize("leak", [TOMORROW, RANK_TOMORROW, BUILT_IN_TOMORROW])
def test_what_rests_on_the_next_row_is_named(leak):
    """By its own name, beside an honest one."""
    with pytest.raises(ValueChanged) as caught:
        audit_of(MOVE, leak).run()
    assert caught.value.move.feature == leak.name


def test_windows_of_this_programs_features_show_a_leak_row_by_row():
    """The first row of all: its next one was read."""
    with pytest.raises(ValueChanged) as caught:
        audit_of(BUILT_IN_TOMORROW)._row_by_row([BUILT_IN_TOMORROW], 0)
    assert caught.value.move.row == 0


def test_windows_show_each_row_that_has_a_next_one_and_no_other():
    """A window ends with its row: what was read of the next row is gone, and a ticker's last row never had one."""
    of_both = audit_of(MOVE, TOMORROW)
    moved = of_both._moved((MOVE, TOMORROW), np.arange(3 * SESSIONS), 1)
    assert moved["move"].tolist() == []
    assert sorted(moved["tomorrow"]) == [row for row in range(3 * SESSIONS) if row % SESSIONS != SESSIONS - 1]


def test_sessions_show_each_day_that_has_a_next_one_and_no_other():
    """As above, of comparisons among the tickers of a day."""
    days = np.unique(prices().session)
    assert audit_of(RANK)._sessions_by_turns(RANK, days, days).tolist() == []
    shown = audit_of(RANK_TOMORROW)._sessions_by_turns(RANK_TOMORROW, days, days)
    assert shown.tolist() == days[:-1].tolist()


@pytest.mark.parametrize("opens", [True, False])
def test_copies_open_files_where_the_first_one_was_seen_to_read_the_systems(monkeypatch, opens):
    """A library that reads its own files does so at every later step: windows, and what moved in them."""
    asked = []

    def work_here(work, **how):
        asked.append(how)
        return work()

    monkeypatch.setattr(audit_isolated, "in_copied_process", work_here)
    for leak in (TOMORROW, RANK_TOMORROW):
        of_one = audit_of(leak)
        of_one.opens = opens
        steps = (
            partial(of_one._isolated_sessions, leak)
            if leak.across
            else partial(of_one._isolated_rows, [leak], 0)
        )
        with pytest.raises(ValueChanged):
            steps()
    assert asked == [{"opens": opens}] * 4


def test_rows_are_mixed_the_same_way_each_time():
    """An audit that fails fails again: what is drawn follows from the data's digest."""
    rows = np.arange(100)
    mixed = audit_of(MOVE)._mixed(rows)
    assert mixed.tolist() == audit_of(MOVE)._mixed(rows).tolist() != rows.tolist()
    assert sorted(mixed) == rows.tolist()


def test_what_came_of_several_tables_is_told_with_the_number_of_the_one_that_moved():
    """The second of two; nothing where none moved."""
    rows = prices()

    def computed(each):
        return Computed((each,), rows, {each.name: each.compute(rows.panel())})

    assert auditing._outcome([computed(MOVE), computed(RANK)], "ab" * 8) is None
    moved, number = auditing._outcome([computed(MOVE), computed(TOMORROW)], "ab" * 8)
    assert (moved.move.feature, number, moved.__cause__, moved.__traceback__) == ("tomorrow", 1, None, None)


@pytest.mark.parametrize(("ahead", "words"), [(1, "the session"), (3, "the 3 sessions")])
def test_a_label_that_looks_too_far_is_named_with_its_row_and_horizon(ahead, words):
    """The row on which it is known less its horizon is the second of BB, whose first is Monday, 6 January."""
    rows = prices()
    moved = ValueChanged(ChangedValue("up", SESSIONS + 1 + ahead, 1.0, float("nan"), "on its ticker alone"))
    leak = auditing._leak(moved, Computed((), rows, {}, ahead), ["AA", "BB", "CC"])
    assert leak.problem == (
        f"label up of BB on 2020-01-07 moves: it is 1.0, and without a value on its ticker alone and {words} after it"
    )
    assert f"what is later than {words} of its horizon" in leak.remedy


def test_two_parts_in_memory_compare_as_one():
    """Whatever the cut: ranks of all three tickers, within groups, too."""
    rows = prices()
    group = feature("group", lambda panel: panel.rank(panel.close, within=panel.ticker == 0), across=True)
    for each in (RANK, group):
        whole = each.compute(rows.panel())
        first = rows.codes == 0
        halves = [rows.take(np.flatnonzero(part)).panel() for part in (first, ~first)]
        assert in_two_parts(each, halves).tolist() == whole.tolist()


def test_members_of_the_day_alone_count_in_every_part():
    """3 and 1 are members' values: 2, of nobody's, stands half-way between them."""
    session = np.array([7])
    parts = [
        Request("rank", np.array([value]), session, np.array([member]))
        for value, member in ((3.0, True), (1.0, True), (2.0, False))
    ]
    assert [part.tolist() for part in compared_in_parts(parts)] == [[1.0], [0.0], [0.5]]
    means = [part._replace(what="mean_across") for part in parts]
    assert [part.tolist() for part in compared_in_parts(means)] == [[2.0], [2.0], [2.0]]


def test_parts_that_ask_different_things_are_refused(tmp_path):
    """One part asks for a rank, the other for nothing: what a feature asks may not depend on its tickers."""
    one, none = (
        Request("rank", np.ones(1), np.array([7]), None),
        Request(None, np.empty(0), np.array([7]), None),
    )
    with pytest.raises(
        DataError, match="feature rank compares tickers in a way that depends on which tickers"
    ):
        answered(RANK, tmp_path, 2, lambda so_far: iter([one, none]))


def test_a_feature_that_asks_nothing_has_no_answers(tmp_path):
    """Asked once, and not again; it asks for no values to be compared."""
    panel, asked = prices().panel(), []

    def ask(answers):
        asked.append(request_of(MOVE, panel, answers.of_part(0)))
        return iter(asked)

    assert answered(MOVE, tmp_path, 1, ask).number == 0
    assert [(request.what, len(request.values)) for request in asked] == [(None, 0)]
