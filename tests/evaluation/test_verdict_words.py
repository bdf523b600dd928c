"""What the verdict and the leak alarm say reads on the side of a bound on which it lies."""

import pytest

from core.evaluation.verdict import leak_alarm, sentence


@pytest.mark.parametrize(
    ("auc", "limit", "reason"),
    [
        (
            0.6004,
            0.6,
            "The AUC of 0.6004 (a) is above 0.60, but that is not sure: the interval must begin above 0.55",
        ),
        (0.5996, 0.6, "The AUC of 0.5996 (a) is not above 0.60."),
        (0.623, 0.625, "The AUC of 0.623 (a) is not above 0.625."),
    ],
)
def test_an_auc_beside_the_limit_reads_on_its_side_of_it(auc, limit, reason):
    """0.600 is not above 0.60, and 0.623 is above 0.62: neither may be written so."""
    found = leak_alarm({"a": {"auc": auc, "low": 0.4, "rows": 900}}, limit)
    assert found["reason"].startswith(reason)


def test_an_interval_that_begins_just_above_chance_reads_so():
    """A lower end of 0.50004 beside 'all above 0.500'; an e-value of 39.997 where 40 is enough."""
    evidence = {"e_value": 39.997, "worse_e_value": 0.5, "threshold": 40.0}
    body = {
        "verdict": "no better than chance", "performance": {
            "auc": {"value": 0.52, "low": 0.50004, "high": 0.54}, "hit_rate": {"value": None},
            "long_flat_return": {"value": None},
        },
        "baselines": {"always_up": {"hit_rate": None}, "buy_and_hold": {"annual_return": None}},
        "rows": 900, "sessions": 300, "sequential": evidence, "settings": {"confidence": 0.95},
        "leak_alarm": {"raised": False},
    }  # fmt: skip
    assert sentence(body) == (
        "The model cannot be told from a coin toss: AUC 0.520 (95% interval 0.50004 to 0.540, valid for one look, all "
        "above 0.500) over 900 predictions in 300 sessions. Looked at after every session, the evidence for it is an "
        "e-value of 39.997, where 40 is enough at any look."
    )


def test_an_auc_without_an_interval_raises_no_alarm():
    """However high: it is not sure."""
    found = leak_alarm({"a": {"auc": 0.7, "low": None, "rows": 900}}, 0.6)
    assert not found["raised"]
    assert found["reason"].startswith("The AUC of 0.700 (a) is above 0.60, but that is not sure")
