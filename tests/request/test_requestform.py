"""The form of a run has every option once, and asks only for what differs from the settings."""

from __future__ import annotations

import pytest

from core.request import settings
from core.request.form import MAIN, main_fields, more_fields, request_of, scoring_request
from core.request.stages import STAGES, parameters_of


@pytest.fixture
def defaults(tmp_path):
    """The built-in defaults, without a luigi.cfg."""
    return settings.load({}, tmp_path).defaults


def test_every_option_has_exactly_one_field():
    """What the command line can ask for, the form can, but for code to run; what the plan fills has no field."""
    fields = [*main_fields(), *(p.name for group in more_fields().values() for p in group)]
    assert sorted(fields) == sorted(
        n for n, p in parameters_of(STAGES).items() if not p.resolved and n != "plugins"
    )
    assert tuple(main_fields()) == MAIN


def test_an_untouched_form_asks_for_nothing(defaults):
    """All defaults, so the same run however it is started."""
    assert request_of(dict(defaults), defaults) == {}


def test_what_was_changed_is_asked_for_as_text(defaults):
    """Numbers and dates travel as the text that the parameter parses back."""
    filled = {**defaults, "start": "2012-01-03", "cost_bps": 7.5, "seed": 8, "tickers": "IBM"}
    assert request_of(filled, defaults) == {
        "start": "2012-01-03", "cost_bps": "7.5", "seed": "8", "tickers": "IBM",
    }  # fmt: skip


def test_a_path_counts_only_with_files(defaults):
    """A path left in the form from before does not spoil a run of the sample."""
    assert request_of({"source": "sample", "path": "a.csv"}, defaults) == {}
    assert request_of({"source": "files", "path": "a.csv"}, defaults) == {"source": "files", "path": "a.csv"}


def test_no_model_beside_is_asked_for_as_the_model_itself(defaults):
    """An empty text means "not given" everywhere, so emptying the list must say something else."""
    assert request_of({"model": "logistic_regression", "beside": ""}, defaults) == {
        "beside": "logistic_regression"
    }


def test_scoring_again_keeps_what_the_prices_are_and_drops_what_was_asked_beside():
    """The end moves on, the mode is score; forcing belongs to the one run."""
    asked = {
        "source": "files",
        "path": "a.csv",
        "mode": "train",
        "end": "2024-01-05",
        "force": "clean",
        "no_wait": "1",
    }
    assert scoring_request(asked) == {"source": "files", "path": "a.csv", "mode": "score"}
