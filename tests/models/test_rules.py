"""Simple rules answer to the same interface as models, and are none."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ModelError
from core.models.document import KINDS, kind_named
from core.models.rules import RULES, inputs_of

TODAY = np.array([0.02, -0.01, 0.0, np.nan])
ANSWERS = {
    "majority": [0.25, 0.25, 0.25, 0.25],
    "previous_day_sign": [1.0, 0.0, 0.0, np.nan],
    "reversal": [0.0, 1.0, 1.0, np.nan],
    "always_up": [1.0, 1.0, 1.0, 1.0],
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fits_and_gives_probabilities_like_a_model(name):
    """Fit on labels 1, 0, 0, 0; the answers are by hand."""
    kind = RULES[name]
    learnt = kind.fit(np.zeros((4, 9)), np.array([1.0, 0.0, 0.0, 0.0]), seed=1)
    kind.check(learnt, 9)
    np.testing.assert_array_equal(kind.probability(learnt, inputs_of(TODAY)), ANSWERS[name])
    assert kind.name == name
    assert dict(kind.hyperparameters) == {}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_refuses_parameters_that_are_not_its_own(name):
    """As every kind does."""
    with pytest.raises(ModelError):
        RULES[name].check({"anything": 1}, 9)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_no_kind_that_a_model_file_may_name(name):
    """The closed list is of what is trained."""
    assert name not in KINDS
    with pytest.raises(ModelError, match="model_kind"):
        kind_named(name)
