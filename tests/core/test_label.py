"""The label and its words: one place, and nothing written of the default."""

import pytest

from core.label import Label


def test_the_default_is_written_nowhere():
    """A header, a training and texts of before there was a choice stay as they were."""
    label = Label()
    assert (label.field, label.training) == ({}, {"horizon_sessions": 1})
    assert Label.of({}) == Label.of(None) == Label.of({"label": "a text of before"}) == label
    assert (label.overlap, label.meaning, label.portfolio) == ("", "", "")


@pytest.mark.parametrize("label", [Label(5), Label(1, "excess"), Label(63, "excess")])
def test_a_label_is_read_as_it_is_written(label):
    """From a header and from a model's record."""
    assert Label.of(label.field) == label
    assert Label.of_training(label.training) == label


def test_texts_speak_of_the_horizon():
    """As a reader sees them."""
    assert Label(5).over == "the next 5 sessions"
    assert (
        Label(5).text
        == "1 if the ticker's adjusted close is higher 5 sessions later, else 0; null on its last 5 rows"
    )
    assert Label(5, "excess").name == "excess over the next 5 sessions"
    assert Label(1, "excess").outcome == "the next session's return is above the mean of all tickers"
    assert "Each session's calls move 1/5 of the money" in Label(5).portfolio
