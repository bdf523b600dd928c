"""The plan: equivalent requests give one key, and each change changes exactly what depends on it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from core.errors import AftercloseError, CommandError, MissingFileError, NoChampionError, ParameterError
from core.registry.registry import Registry
from core.request import settings
from core.request.stages import NAMES, STAGES, parameters_of
from core.runs import plan as planning
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from tests.champions import promote

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def configured(tmp_path):
    """Settings with defaults and a fresh data root."""
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


def keys(configured, upto="report", **request):
    """Key by stage of a request."""
    values = resolve(request, settings=configured, now=NOW, upto=upto)
    return {p.stage.name: p.slot.key for p in stage_plans(values, upto).line()}


def test_equivalent_ticker_lists_give_one_key(configured, tmp_path, monkeypatch):
    """Order, case, repeats, JSON and file: the same list, the same keys."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "universe.txt").write_text("msft\n# the other\nAAPL\n")
    spellings = ["MSFT,aapl", "AAPL,MSFT", '["AAPL", "MSFT"]', "@universe.txt", "aapl, MSFT,AAPL"]
    assert len({str(keys(configured, tickers=text)) for text in spellings}) == 1


def test_saying_what_holds_anyway_gives_the_same_key(configured):
    """All tickers, the sample's own range and the defaults, said or not."""
    said = keys(
        configured, tickers="AAPL,FB,GOOG,IBM,MSFT", start="2000-03-01", end="2013-03-01", source="sample",
        seed="7", price_tolerance="0.000001", mode="train",
    )  # fmt: skip
    assert said == keys(configured)
    assert keys(configured, start="2000-01-01", end="2013-12-31") == said, "days off change nothing"


def test_the_label_is_the_end_session_or_the_files_stem(configured, tmp_path):
    """Readable first, then 12 hex digits."""
    path = tmp_path / "my prices (1).csv"
    path.write_text("date\n")
    assert keys(configured, end="2012-06-30")["report"].startswith("2012-06-29-")
    assert keys(configured, source="files", path=str(path))["clean"].startswith("my-prices-1-")
    assert keys(configured, source="files", path=str(path), end="2024-05-05")["clean"].startswith(
        "2024-05-05-"
    )
    assert all(len(key.rsplit("-", 1)[1]) == 12 for key in keys(configured).values())


def test_resolved_values_survive_their_travel_as_text(configured, tmp_path):
    """What a task gets back from texts plans the same keys (also where nothing was asked for)."""
    path = tmp_path / "prices.csv"
    path.write_text("date\n")
    for request in ({}, {"source": "files", "path": str(path)}, {"tickers": "IBM", "cost_bps": "5"}):
        values = resolve(request, settings=configured, now=NOW)
        known = parameters_of(STAGES)
        travelled = {name: known[name].parse(known[name].text(value)) for name, value in values.items()}
        assert travelled == values
        assert stage_plans(travelled) == stage_plans(values)


OTHER = {
    "source": None, "path": None, "vintage": 1, "input_digest": "other", "input_name": "other.csv",
    "tickers": "IBM", "start": "2001-01-02", "end": "2012-01-03", "model_id": "0123456789ab",
    "champion_id": "0123456789ab",
    "calendar": "24/7", "mode": "score", "model": "hist_gradient_boosting", "beside": "logistic_regression",
    "stop_on": "split", "drop_row": "flat_bar", "drop_ticker": "split", "waivers": "w.toml",
    "plugins": "mine.py", "sources_modules": "mine:0a", "rules_modules": "mine:0a",
    "features_modules": "mine:0a", "sections_modules": "mine:0a",
    "symbols": "s.csv", "symbols_digest": "other", "membership": "m.csv", "membership_digest": "other",
    "waivers_digest": "other", "columns": "close=Last", "model_parameters": '{"C":2}', "model_grid": '{"C":[1,2]}',
}  # fmt: skip
"""Another value for each parameter that is no number."""


def another(parameter, value):
    """Return another valid value."""
    if parameter.name in OTHER:
        return OTHER[parameter.name] or "elsewhere"
    if parameter.kind == "choice":
        return next(choice for choice in parameter.choices if choice != value)
    if parameter.kind == "flag":
        return not value
    middle = (parameter.low + parameter.high) / 2
    return int(middle) if parameter.kind == "integer" else middle


@pytest.mark.parametrize("name", parameters_of(STAGES))
def test_a_parameter_changes_the_keys_of_its_first_stage_and_all_after_it(name, configured):
    """Exactly those: table-driven over every parameter of every stage."""
    values = resolve({}, settings=configured, now=NOW)
    parameter = parameters_of(STAGES)[name]
    changed = values | {name: another(parameter, values[name])}
    assert changed[name] != values[name]
    before = {p.stage.name: p.fingerprint for p in stage_plans(values).line()}
    after = {p.stage.name: p.fingerprint for p in stage_plans(changed).line()}
    first = next(number for number, stage in enumerate(STAGES) if parameter in stage.parameters)
    expected = set(NAMES[first:]) if parameter.keyed else set()
    assert {stage for stage in NAMES if before[stage] != after[stage]} == expected


def test_only_where_and_how_to_read_are_in_no_key():
    """A path is not keyed (the digest is), nor how a live source is asked; everything else is."""
    unkeyed = {p.name for p in parameters_of(STAGES).values() if not p.keyed}
    live = ("yahoo_", "tiingo_")
    assert {name for name in unkeyed if not name.startswith(live)} == {
        "path",
        "plugins",
        "plugins_timeout_s",
        "waivers",
        "symbols",
        "membership",
    }


@pytest.mark.parametrize("number", range(len(STAGES)))
def test_a_stage_version_changes_its_key_and_all_after_it(number, configured, monkeypatch):
    """Bumping one integer is enough to make old results stop matching."""
    values = resolve({}, settings=configured, now=NOW)
    before = [p.fingerprint for p in stage_plans(values).line()]
    bumped = [dataclasses.replace(s, version=s.version + (i == number)) for i, s in enumerate(STAGES)]
    monkeypatch.setattr(planning, "chain", lambda name: tuple(bumped))
    after = [p.fingerprint for p in stage_plans(values).line()]
    assert [a == b for a, b in zip(before, after, strict=True)] == [i < number for i in range(len(STAGES))]


@pytest.mark.parametrize(
    ("library", "first"),
    [("numpy", "ingest"), ("pandas", "ingest"), ("sklearn", "train_or_score"), ("scipy", "evaluate")],
)
def test_a_numeric_library_changes_the_keys_of_what_computes_with_it(library, first, configured, monkeypatch):
    """major.minor is in the key of the stages that use it, and so in all after them."""
    values = resolve({}, settings=configured, now=NOW)
    before = {p.stage.name: p.fingerprint for p in stage_plans(values).line()}
    real = planning.library_version
    monkeypatch.setattr(planning, "library_version", lambda name: "99.9" if name == library else real(name))
    after = {p.stage.name: p.fingerprint for p in stage_plans(values).line()}
    assert {s for s in NAMES if before[s] != after[s]} == set(NAMES[NAMES.index(first) :])


def test_library_versions_are_major_and_minor_of_what_is_installed():
    """As the library itself says."""
    import numpy as np
    import sklearn

    assert planning.library_version("numpy") == ".".join(np.__version__.split(".")[:2])
    assert planning.library_version("sklearn") == ".".join(sklearn.__version__.split(".")[:2])


def test_another_byte_in_the_file_changes_all_keys_and_another_place_none(configured, tmp_path):
    """What is read matters, not where it lies."""
    here, there = tmp_path / "p.csv", tmp_path / "elsewhere" / "p.csv"
    there.parent.mkdir()
    here.write_text("date\n1\n")
    there.write_text("date\n1\n")
    before = keys(configured, source="files", path=str(here))
    assert keys(configured, source="files", path=str(there)) == before
    here.write_text("date\n2\n")
    after = keys(configured, source="files", path=str(here))
    assert all(after[stage] != before[stage] for stage in NAMES)


@pytest.fixture
def champion(configured, monkeypatch):
    """A champion in the data root, without judging what kind of model it is."""
    registry = Registry(configured.data)
    identity = registry.add(b'{"format": 1, "kind": "model"}')
    monkeypatch.setattr("core.registry.registry._check_model", lambda data: None, raising=False)
    promote(configured.data, identity)
    return identity


def test_auto_trains_without_a_champion_and_scores_with_one(configured):
    """Resolved once: what auto means is in the key, the word auto never is."""
    values = resolve({"mode": "auto"}, settings=configured, now=NOW)
    assert (values["mode"], values["model_id"]) == ("train", None)
    assert keys(configured, mode="auto") == keys(configured, mode="train")


def test_auto_scores_with_the_champion(configured, champion):
    """The same keys as mode score; other keys than training from train_or_score on."""
    values = resolve({}, settings=configured, now=NOW)
    assert (values["mode"], values["model_id"]) == ("score", champion)
    scored, trained = keys(configured, mode="score"), keys(configured, mode="train")
    assert scored == keys(configured)
    assert [scored[s] == trained[s] for s in NAMES] == [True] * 4 + [False] * 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", "99"), ("model", "hist_gradient_boosting"), ("beside", "logistic_regression"),
     ("min_train_sessions", "100"), ("fold_sessions", "100")],
)  # fmt: skip
def test_scoring_ignores_what_only_training_uses(name, value, configured, champion):
    """A seed does not make the same scores again under another key."""
    assert keys(configured, mode="score", **{name: value}) == keys(configured, mode="score")
    assert keys(configured, mode="train", **{name: value}) != keys(configured, mode="train")


def test_score_without_a_champion_is_refused(configured):
    """Exit code 4, and how to get one."""
    with pytest.raises(NoChampionError, match="afterclose promote") as raised:
        resolve({"mode": "score"}, settings=configured, now=NOW)
    assert raised.value.exit_code == 4


WRONG = [
    (
        {"start": "2012-01-02", "end": "2012-01-01"},
        ParameterError,
        "--start 2012-01-02 is after --end 2012-01-01",
    ),
    ({"start": "2020-01-01"}, ParameterError, "no rows"),
    ({"tickers": "FB", "end": "2012-05-17"}, ParameterError, "FB 2012-05-18"),
    ({"tickers": "AAPL,XX"}, ParameterError, "'XX'"),
    ({"calendar": "XNYZ"}, ParameterError, "XNYZ"),
    ({"path": "x"}, ParameterError, "--source files"),
    ({"source": "files"}, ParameterError, "--path FILE"),
    ({"source": "files", "path": "/no/such"}, MissingFileError, "/no/such"),
    ({"seeed": "1"}, CommandError, "Did you mean seed?"),
    ({"input_digest": "x"}, CommandError, "the plan fills it"),
]


@pytest.mark.parametrize(("request_", "kind", "words"), WRONG, ids=lambda v: str(v)[:40])
def test_what_can_be_judged_before_a_stage_runs_is_judged_by_the_plan(request_, kind, words, configured):
    """The right branch of errors with the offending value."""
    with pytest.raises(AftercloseError) as raised:
        resolve(request_, settings=configured, now=NOW)
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert not configured.data.exists()


def test_a_sole_day_is_a_range(configured):
    """Both ends are inclusive."""
    values = resolve({"start": "2012-06-01", "end": "2012-06-01"}, settings=configured, now=NOW)
    assert (values["start"], values["end"]) == ("2012-06-01", "2012-06-01")


def test_a_long_ticker_list_travels_as_a_digest_that_the_root_keeps(configured, tmp_path):
    """A command line is capped by the system; the list itself is in the data root."""
    path = tmp_path / "prices.csv"
    path.write_text("date\n")
    names = [f"T{number:04}" for number in range(1000)]
    values = resolve(
        {"source": "files", "path": str(path), "tickers": ",".join(names)},
        settings=configured,
        now=NOW,
        upto="ingest",
    )
    assert len(values["tickers"]) < 100
    (kept,) = (configured.data / "universes").iterdir()
    assert kept.read_text().split(",") == names


def test_a_plan_up_to_a_stage_needs_only_that_stages_parameters(configured):
    """Planning clean does not know of models, and an option of training is refused."""
    assert list(keys(configured, upto="clean")) == ["ingest", "validate", "clean"]
    assert keys(configured, upto="clean") == {k: v for k, v in keys(configured).items() if k in NAMES[:3]}
    with pytest.raises(CommandError, match="--seed"):
        keys(configured, upto="clean", seed="1")


def test_the_label_is_in_no_key_at_its_default(configured):
    """Results older than the choice of a label keep their keys; another label changes all from the features on."""
    before = keys(configured)
    assert keys(configured, horizon_sessions="1", label="direction") == before
    for request in ({"horizon_sessions": "5"}, {"label": "excess"}):
        after = keys(configured, **request)
        assert [name for name in NAMES if after[name] == before[name]] == ["ingest", "validate", "clean"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"horizon_sessions": "64"}, "from 1 to 63"),
        ({"label": "exces"}, "excess"),
        ({"horizon_sessions": "63", "fold_sessions": "125"}, "126 sessions or more"),
        ({"horizon_sessions": "40", "min_train_sessions": "40"}, "--horizon-sessions 40"),
    ],
)
def test_a_label_that_leaves_nothing_to_judge_is_refused_by_the_plan(configured, request_, message):
    """Before anything runs, with what would do."""
    with pytest.raises(ParameterError, match=message):
        keys(configured, mode="train", **request_)
