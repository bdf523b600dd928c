"""What the plan fixes about splits and champions before any task exists."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from core.errors import ParameterError
from core.platform.isolated import Bounds
from core.registry.registry import Registry
from core.request import settings
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from tests.champions import promote

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def configured(finished):
    """Settings of a data root with one candidate."""
    return settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)


def keys(configured, **request):
    """Key of each stage for a request."""
    values = resolve({"mode": "train", "profile": "files:prices", **request}, settings=configured, now=NOW)
    return stage_plans(values).keys


def test_the_length_of_a_rolling_window_is_in_no_key_while_windows_expand(configured):
    """It has no effect there, and all the effect when they roll."""
    assert keys(configured, rolling_sessions="300") == keys(configured, rolling_sessions="400")
    rolling = [
        keys(configured, window="rolling", rolling_sessions=n)["train_or_score"] for n in ("300", "400")
    ]
    assert rolling[0] != rolling[1]


def test_an_embargo_that_leaves_nothing_to_train_on_is_judged_by_the_plan(configured):
    """Before anything runs."""
    with pytest.raises(ParameterError, match="--embargo-sessions 40"):
        keys(configured, min_train_sessions="41", embargo_sessions="40")
    assert keys(configured, min_train_sessions="42", embargo_sessions="40")


def test_the_champion_is_in_the_key_of_a_train_runs_evaluation_and_of_nothing_before_it(configured):
    """A promotion gives a new evaluation of the same candidate; the old one stays under its key."""
    registry = Registry(configured.data)
    before = keys(configured)
    promote(configured.data, registry.ids()[0])
    after = keys(configured)
    assert [stage for stage in before if before[stage] != after[stage]] == ["evaluate", "report"]


def test_a_champion_whose_file_is_damaged_is_marked_in_the_key(configured):
    """Mended later, the evaluation is made anew, with the comparison."""
    registry = Registry(configured.data)
    identity = promote(configured.data, registry.ids()[0]).model_id
    path = registry.folder / f"{identity}.json"
    whole = path.read_bytes()
    path.write_bytes(b"{}")
    values = resolve({"mode": "train", "profile": "files:prices"}, settings=configured, now=NOW)
    assert values["champion_id"] == f"{identity} (unreadable)"
    path.write_bytes(whole)
    values = resolve({"mode": "train", "profile": "files:prices"}, settings=configured, now=NOW)
    assert values["champion_id"] == identity


def test_a_scoring_run_compares_with_nobody(configured):
    """The champion is what is judged."""
    registry = Registry(configured.data)
    promote(configured.data, registry.ids()[0])
    values = resolve({"mode": "score", "profile": "files:prices"}, settings=configured, now=NOW)
    assert values["champion_id"] is None
    assert values["window"] is values["embargo_sessions"] is values["rolling_sessions"] is None


@pytest.mark.parametrize("mode", ["score", "auto"])
@pytest.mark.parametrize("request_", [{"horizon_sessions": "5"}, {"label": "excess"}])
def test_scoring_with_a_champion_of_another_label_is_refused_by_the_plan(configured, mode, request_):
    """Four, before a stage runs; a training for the other label goes ahead."""
    promote(configured.data, Registry(configured.data).ids()[0])
    with pytest.raises(ParameterError, match="was trained on the direction over the next session") as error:
        keys(configured, mode=mode, **request_)
    assert error.value.exit_code == 4
    assert error.value.parameter == next(iter(request_))
    assert keys(configured, mode=mode)
    assert keys(configured, mode="train", **request_)


GREEDY = {
    "memory": ("sklearn.neural_network.MLPClassifier", '{"hidden_layer_sizes": [20000, 5000]}'),
    "time": ("sklearn.ensemble.RandomForestClassifier", '{"n_estimators": 1000000}'),
}


@pytest.mark.parametrize("what", GREEDY)
def test_a_trial_that_takes_too_much_does_not_take_it_of_a_desk(what, configured, monkeypatch):
    """In a thread beside others (a desk's, the HTTP interface's) it has a process of its own, and bounds."""
    monkeypatch.setattr("core.runs.resolve.TRIAL_BOUNDS", Bounds(memory_mb=400, time_s=4.0))
    name, parameters = GREEDY[what]
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ParameterError, match="was ended: it took more than 400 MiB"),
    ):
        pool.submit(keys, configured, mode="train", model=name, model_parameters=parameters).result()
