"""The feature set: one entry per feature, a version and a digest."""

from functools import partial

from core import columns as col
from core import features as feature_set
from core.features import FEATURES, engineer
from core.features.definitions import Feature

CONTRACT = col.FEATURES[2:-1]
"""The columns that users rely on; a feature that is added follows the label."""


def test_a_model_sees_ratios_returns_lags_and_volatility_and_never_levels():
    """The order is the order of a model's inputs; what was added since follows."""
    contract = (
        "return", "ma5_ratio", "ma10_ratio", "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5",
    )  # fmt: skip
    seen = feature_set.model_features()
    assert seen[: len(contract)] == contract
    assert not {"adj_close", "ma5", "ma10", "ma20", "up_next"} & set(seen)


def test_entries_fill_the_contract_columns_in_order():
    """Every contract column but the keys and the label has its entry."""
    names = tuple(feature.name for feature in FEATURES)
    assert names[: len(CONTRACT)] == CONTRACT
    assert feature_set.columns() == (*col.FEATURES, *names[len(CONTRACT) :])


def test_one_entry_adds_a_feature_after_the_contract_columns(prices_of):
    """Column, warm-up, model input and digest follow from the entry alone."""
    doubled = Feature("doubled", lambda panel: 2 * panel.adj_close, "twice the adjusted close", 0)
    table = engineer(prices_of({"A": [1, 2]}), feature_set=(*FEATURES, doubled))
    assert list(table.frame.columns) == [*feature_set.columns(), "doubled"]
    assert table.frame["doubled"].tolist() == [2.0, 4.0]
    assert table.header["warm_up"]["doubled"] == 0
    assert feature_set.model_features((*FEATURES, doubled))[-1] == "doubled"


def test_the_digest_changes_with_version_name_text_and_order():
    """And with nothing else: a faster function is the same definition."""
    digest = feature_set.definition_digest
    first, *rest = FEATURES
    renamed = Feature("x", first.compute, first.text, 0)
    reworded = Feature(first.name, first.compute, "x", 0)
    faster = Feature(first.name, partial(first.compute), first.text, 0, seen_by_model=False)
    others = [
        digest((renamed, *rest)),
        digest((reworded, *rest)),
        digest((*rest, first)),
        digest(FEATURES, feature_set.FEATURE_SET + 1),
    ]
    assert len({digest(), *others}) == 5
    assert digest((faster, *rest)) == digest()


def test_the_header_carries_version_and_digest(prices_of):
    """What a model is later compared with."""
    header = engineer(prices_of({"A": [1, 2]})).header
    assert list(header) == ["feature_set", "definition_digest", "warm_up"]
    assert header["feature_set"] == feature_set.FEATURE_SET
    assert header["definition_digest"] == feature_set.definition_digest()


def test_every_definition_has_a_text():
    """Texts go into the report."""
    assert all(entry["name"] and len(entry["text"]) > 10 for entry in feature_set.definitions())
