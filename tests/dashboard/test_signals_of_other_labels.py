"""Signals about different outcomes are set beside each other and never against each other."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.label import Label
from core.queries.models.recent_calls import RecentCalls
from dashboard import side_by_side, signal_table

AHEAD = {"horizon_sessions": 5, "label": "direction"}
SIGNALS = [{"ticker": "A", "probability": 0.6, "direction": "up"}]


@pytest.fixture
def before(monkeypatch):
    """What the page takes for the signals of the session before: ``before(label of that report)``."""
    monkeypatch.setattr(
        signal_table,
        "shell",
        SimpleNamespace(
            settings=dict,
            profile=str,
            store=dict,
            journal=dict,
            run_named=lambda *_: SimpleNamespace(keys={}),
        ),
    )
    monkeypatch.setattr(signal_table, "sessions", lambda *_: {"2020-01-03": "b", "2020-01-02": "a"})
    monkeypatch.setattr(signal_table, "session_of_run", lambda *_: "2020-01-03")

    def of(label):
        body = {"signals": SIGNALS, **({"label": label} if label else {})}
        pages = SimpleNamespace(artifact_of=lambda *_: "evaluation", document=lambda *_: body)
        monkeypatch.setattr(signal_table, "data", pages)
        return signal_table._before(SimpleNamespace(), Label())

    return of


def test_the_report_before_counts_only_if_it_asked_the_same(before):
    """A probability of a rise over five sessions did not move to that of one."""
    assert before(None) == ("2020-01-02", SIGNALS)
    assert before(AHEAD) == ("", [])


@pytest.mark.parametrize(("label", "head", "changes"), [
    (None, "Probability of a rise", ["+1.0 points"]), (AHEAD, "Probability", [""]),
])  # fmt: skip
def test_compare_gives_no_change_between_two_questions(label, head, changes):
    """Both stand there, 60.0% and 61.0%; what is less than what would say nothing."""
    runs = [
        SimpleNamespace(
            run=SimpleNamespace(run_id=name),
            evaluation={"signals": [{**SIGNALS[0], "probability": p}]} | more,
        )
        for name, p, more in (("old", 0.6004, {}), ("new", 0.6096, {"label": label} if label else {}))
    ]
    rows = side_by_side._signals(runs, everything=True)
    assert list(rows) == [head]
    assert [row.change for row in rows[head]] == changes


@pytest.mark.parametrize(("label", "tossed"), [(None, True), (AHEAD, False)])
def test_calls_that_share_their_outcomes_are_held_against_no_tosses(monkeypatch, label, tossed):
    """Of 63 calls over five sessions about thirteen stand alone."""
    captions = []
    monkeypatch.setattr(signal_table, "st", SimpleNamespace(caption=captions.append))
    monkeypatch.setattr(signal_table, "wrapped", SimpleNamespace(table=lambda *_, **__: None))
    monkeypatch.setattr(signal_table, "_before", lambda *_: ("", []))
    monkeypatch.setattr(signal_table, "_columns", lambda *_: {})
    signals = [{**SIGNALS[0], "after": "2020-01-02", "session": "2020-01-03"}]
    body = {"signals": signals, **({"label": label} if label else {})}
    signal_table.draw(SimpleNamespace(), body, {}, {"A": RecentCalls(30, 63)})
    assert ("a coin toss gets 24 to 39 right" in captions[0]) is tossed
