"""Each gate passes, fails and is unknown, by hand-made evaluations."""

import pytest

from core.queries.models.gates import gates


def body(auc=0.52, low=0.51, *, raised=False, champion=None):
    """An evaluation as far as gates read it."""
    return {
        "performance": {"auc": {"value": auc, "low": low, "high": None}},
        "leak_alarm": {"raised": raised},
        "settings": {"leak_auc": 0.6},
        "champion": champion,
    }


def beside(low=0.001, brier=-0.001, *, compared=True, same=True):
    """A contest with the champion."""
    paired = [
        {"metric": "auc", "difference": 0.0, "low": low, "high": 0.1},
        {"metric": "brier", "difference": brier},
    ]
    changes = None if same is None else {"same": same}
    return {
        "paired": paired if compared else [],
        "compared": compared,
        "reason": "12 rows",
        "feature_changes": changes,
    }


def result(found):
    """Results by gate."""
    return {gate.name: gate.passed for gate in found}


def test_without_a_champion_there_are_two_gates():
    """Leak and chance."""
    assert result(gates(body())) == {"No sign of a leak": True, "Better than chance": True}
    assert result(gates(body(0.7, 0.5, raised=True))) == {
        "No sign of a leak": False,
        "Better than chance": False,
    }


def test_what_was_not_measured_is_not_known_rather_than_passed():
    """No AUC: nothing can be said about leak and chance."""
    assert set(result(gates(body(None, None))).values()) == {None}


@pytest.mark.parametrize(
    ("champion", "gate", "passed"),
    [
        (beside(low=0.0), "Better than the champion", False),
        (beside(low=0.0001), "Better than the champion", True),
        (beside(low=-0.01), "Not inferior to the champion", False),
        (beside(low=-0.0099), "Not inferior to the champion", True),
        (beside(brier=0.0), "Brier score no worse", True),
        (beside(brier=0.0001), "Brier score no worse", False),
        (beside(same=False), "Same feature definitions", False),
        (beside(same=None), "Same feature definitions", None),
        (beside(compared=False), "Compared on the same later rows", False),
        (beside(compared=False), "Better than the champion", None),
    ],
)
def test_each_gate_beside_the_champion_can_pass_and_fail(champion, gate, passed):
    """At its bound."""
    assert result(gates(body(champion=champion)))[gate] is passed


def test_a_ticker_that_training_lacked_is_a_gate_when_scoring():
    """Named; an older evaluation that does not say it has no such gate."""
    scored = {**body(), "mode": "score", "model": {"new_tickers": ["BB"]}}
    gate = gates(scored)[-1]
    assert (gate.name, gate.value, gate.passed) == ("Trained on every scored ticker", "BB", False)
    assert gates({**scored, "model": {"new_tickers": []}})[-1].passed is True
    assert len(gates({**scored, "model": {}})) == 2


def test_a_value_is_written_as_everywhere_and_never_as_the_bound_that_it_misses():
    """Three decimals of an AUC, four of a Brier score; more where those would read as the bound."""
    words = {
        gate.name: gate.words()
        for gate in gates(body(0.52, 0.49996, champion=beside(low=0.01234, brier=-0.00123)))
    }
    assert words["No sign of a leak"] == "0.520"
    assert words["Better than chance"] == "0.49996"
    assert words["Better than the champion"] == "0.012"
    assert words["Brier score no worse"] == "-0.0012"
    assert words["Same feature definitions"] == "same"
    assert {gate.words() for gate in gates(body(None, None))} == {"n/a"}
