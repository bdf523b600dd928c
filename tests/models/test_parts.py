"""Training and scoring of a table of one ticker a part, without the other stages: what a table in memory gives."""

import pandas as pd
import pytest

from core.models import training
from core.models.train_or_score import train_or_score
from core.models.train_settings import ScoreSettings, TrainOrScoreSettings, TrainSettings
from core.models.training import learning_rows
from core.parameters import settings_from
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of


@pytest.fixture
def scratch():
    """Where files are made."""
    with Scratch() as scratch:
        yield scratch


@pytest.fixture
def stored(features, scratch):
    """The shared features, a part for each of AA, BB and CC."""
    with TableWriter(scratch, "features", "of_parts") as writer:
        for _, rows in features.frame.groupby("ticker"):
            writer.add(arrow_of(rows.reset_index(drop=True)))
        table = writer.stored(features.header)
    assert table.parts == 3
    return table


@pytest.fixture
def run(parameters, scratch):
    """A function from features, and a model that scores, to what the stage makes."""
    train = settings_from(TrainSettings, parameters)

    def run(table, model=None):
        how = ("train", train) if model is None else ("score", None)
        settings = TrainOrScoreSettings(*how, ScoreSettings("XNYS"))
        inputs = {} if model is None else {"model": model}
        return train_or_score(
            table, settings, inputs=inputs, features_sha256="ab" * 32, workplace=Workplace(scratch)
        )

    return run


def assert_same(one, other):
    """The same rows under the same header."""
    assert one.header == other.header
    frames = [table.frame.astype({"ticker": "str"}).reset_index(drop=True) for table in (one, other)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_a_table_of_parts_is_trained_on_and_scored_as_one_in_memory(features, stored, run):
    """The same predictions, model and signals; a part holds its own ticker and no other."""
    (expected, model), (predictions, of_parts) = run(features), run(stored)
    assert of_parts == model
    assert_same(predictions, expected)
    (scored,), (in_memory,) = run(stored, model), run(features, model)
    assert_same(scored, in_memory)


def test_beyond_the_limit_every_second_ticker_is_learnt_from_wherever_parts_begin(stored, monkeypatch):
    """780 rows where 400 are the most: AA and CC, of three tickers."""
    monkeypatch.setattr(training, "TRAINING_ROWS", 400)
    rows, header = learning_rows(stored)
    assert set(rows.tickers) == {"AA", "CC"}
    assert header == {"trained_on": {"tickers": 2, "of_tickers": 3, "rows": 520, "of_rows": 780}}


def test_below_it_all_are_learnt_from_and_nothing_is_said(stored):
    """A table of parts that a training holds."""
    rows, header = learning_rows(stored)
    assert (set(rows.tickers), header) == ({"AA", "BB", "CC"}, {})
