"""What a run will do, in words, before it starts."""

from __future__ import annotations

import pytest

from core.queries.runs.ahead import ChampionFacts, ahead, duration_sentence
from core.queries.runs.options_in_use import options_in_use
from core.queries.runs.preview import Effective, Preview, Step
from core.request import settings
from core.request.form_words import GROUPS, plain_name, unit

STAGES = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")
CHAMPION = ChampionFacts("0a1b2c3d4e5f", "logistic_regression", "2024-07-02", frozenset({"A", "B"}), 0.5124)


def plan(mode, origin="settings", reused=0):
    """A preview of a run whose first stages are there already."""
    does = ["reused"] * reused + ["made"] * (7 - reused)
    steps = tuple(Step(stage, "k", each) for stage, each in zip(STAGES, does, strict=True))
    return Preview((Effective("mode", mode, origin),), steps)


def test_automatic_trains_without_a_champion_and_says_why():
    """The profile by name."""
    coming = ahead(plan("train"), "files:p", None)
    assert (coming.does, coming.head) == ("train", "Trains a model anew")
    assert coming.because == "Profile files:p has no champion yet."
    assert coming.facts[-1].startswith("Made: ingest, validate")


def test_automatic_scores_with_the_champion_its_age_and_its_tickers():
    """Age by the exchange's sessions; a ticker that it never saw is a doubt."""
    coming = ahead(
        plan("score", reused=4), "files:p", CHAMPION, last="2024-07-05", tickers=("A", "C"), calendar="XNYS"
    )
    assert coming.head == "Scores with champion 0a1b2c3d4e5f"
    assert coming.because == "It is the champion of files:p; nothing is trained."
    assert coming.facts[0].endswith("AUC 0.512 in its walk-forward.")
    assert coming.facts[1] == "It learnt up to 2024-07-02, 2 sessions before the last of these prices."
    assert coming.facts[2] == (
        "Reused: ingest, validate, clean, feature engineer. Made: train or score, evaluate, report."
    )
    assert coming.doubts == ("1 of 2 tickers was not in its training: C.",)


def test_training_beside_a_champion_is_a_choice():
    """Nothing is adopted by it."""
    coming = ahead(plan("train", "asked"), "files:p", CHAMPION)
    assert "You ask for it, although files:p has a champion (0a1b2c3d4e5f)." in coming.because
    assert "until somebody promotes" in coming.facts[0]


def test_a_candidate_that_is_there_is_not_called_trained_anew():
    """Asked to train what was trained, with another champion beside it: only its judgement is made."""
    coming = ahead(plan("train", "asked", reused=5), "files:p", CHAMPION)
    assert coming.head == "Trains nothing new, and judges again"
    assert coming.facts[-1].endswith("Made: evaluate, report.")


def test_nothing_to_do_is_said():
    """All seven stages are there."""
    coming = ahead(plan("train", reused=7), "files:p", None)
    assert (coming.does, coming.head) == ("nothing", "Nothing to do")
    assert "All 7 stages are there already" in coming.because


@pytest.fixture
def values(tmp_path):
    """The defaults, without a luigi.cfg."""
    return settings.load({}, tmp_path).defaults


def used(values, *, scoring=False, **changes):
    """The names of the options in use."""
    groups = options_in_use({**values, **changes}, scoring=scoring)
    return {parameter.name for group in groups.values() for parameter in group}


def test_options_are_those_of_source_and_mode(values):
    """Files have a way to be read, services a manner to be asked, scoring nothing of training."""
    assert "delimiter" in used(values, source="files")
    assert "delimiter" not in used(values, source="sample")
    assert {"yahoo_threads", "on_missing"} <= used(values, source="yahoo")
    assert not {"tiingo_threads"} & used(values, source="yahoo")
    assert not {"seed", "fold_sessions", "beside"} & used(values, scoring=True)
    assert {"cost_bps", "horizon_sessions"} <= used(values, scoring=True)
    assert "rolling_sessions" not in used(values)
    assert "rolling_sessions" in used(values, window="rolling")
    assert "half_life_sessions" in used(values, sample_weights="decay")


def test_every_option_has_a_plain_name_in_one_group(values):
    """None is called by its raw name, and each sessions, seconds or share says so."""
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    everything = set().union(*(used(values, source=source) for source in ("files", "yahoo", "tiingo")))
    for name in everything | used(values, window="rolling", sample_weights="both"):
        assert plain_name(name) != name.replace("_", " ").capitalize() or name in ("calendar", "seed"), name
        assert unit(name) if name.endswith(("_sessions", "_s", "_bps")) else True, name


def test_how_long_it_usually_takes_is_said_where_each_stage_is_known():
    """The medians of what is made, summed; of a stage without one nothing is said."""
    usual = dict.fromkeys(STAGES, 10.0)
    assert duration_sentence(plan("train", reused=4), usual) == "Usually about 30 seconds."
    assert duration_sentence(plan("train"), {**usual, "train_or_score": 200.0}) == "Usually about 4 minutes."
    assert duration_sentence(plan("train"), {"ingest": 1.0}) == ""
    assert duration_sentence(plan("train", reused=7), usual) == ""
