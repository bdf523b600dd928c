"""Every feature set there has been is on record, and what changed between two can be told."""

from __future__ import annotations

import pytest

from core.features import FEATURE_SET, definition_digest, definitions
from core.features.history import HISTORY, FeatureSet, changes


def side(entry, names=None):
    """What a model of a feature set carries."""
    return {
        "feature_set": entry.version,
        "definition_digest": entry.digest,
        "features": names or [name for name, _ in entry.definitions],
    }


ONE = FeatureSet(1, (("return", "simple"), ("lag1", "one back")))
TWO = FeatureSet(2, (("return", "log"), ("lag2", "two back")))


def test_the_present_set_is_the_last_on_record():
    """A definition cannot change without a new version and an entry: digest and texts are compared."""
    last = HISTORY[-1]
    assert last.version == FEATURE_SET
    assert last.digest == definition_digest()
    assert [{"name": n, "text": t} for n, t in last.definitions] == definitions()
    assert [entry.version for entry in HISTORY] == list(range(1, FEATURE_SET + 1))


def test_a_reworded_definition_is_found():
    """The gate itself: other words, other digest."""
    reworded = FeatureSet(1, (("return", "simple, in percent"), ("lag1", "one back")))
    assert reworded.digest != ONE.digest


def test_added_removed_and_redefined_features_are_told_apart():
    """By hand."""
    assert changes(side(ONE), side(TWO), history=(ONE, TWO)) == {
        "same": False, "from": 1, "to": 2, "added": ["lag2"], "removed": ["lag1"],
        "redefined": [{"name": "return", "before": "simple", "after": "log"}], "texts_known": True,
    }  # fmt: skip


@pytest.mark.parametrize("known", [ONE, TWO])
def test_an_unknown_set_is_compared_by_name_and_says_so(known):
    """A model of somebody else's features, before or after: the texts of one side alone compare nothing."""
    found = changes(side(ONE), side(TWO), history=(known,))
    assert (found["added"], found["removed"], found["redefined"]) == (["lag2"], ["lag1"], [])
    assert not found["texts_known"]


def test_equal_sets_are_the_same():
    """Nothing added, removed or redefined."""
    found = changes(side(ONE), side(ONE), history=(ONE,))
    assert found["same"]
    assert found["added"] == found["removed"] == found["redefined"] == []
