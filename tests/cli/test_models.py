"""Every path of the registry from the terminal, and scoring on request."""

from __future__ import annotations

import json

import pytest

from core.cli.models import _print_pairs
from core.queries.models import track_record
from core.request import settings
from core.tables.codec import decode
from tests.conftest import prices_csv
from tests.shared import copy_root, shared


@pytest.fixture(scope="module")
def told(tmp_path_factory, run_luigi, run_afterclose, small):
    """A data root with a life of its own: train, promote, score twice, retrain, promote; what each said."""
    return shared(
        tmp_path_factory, "life", lambda folder: life(folder / "data", run_luigi, run_afterclose, small)
    )


def life(data, run_luigi, run_afterclose, small):
    """Live it."""
    early = [*small, "--end", "2020-07-31"]
    said = {}
    for name, words in {
        "first": [*early, "--mode", "train"],
    }.items():
        said[name] = run_luigi(*words, data=data)
        assert said[name].code == 0, said[name].err
    (one,) = json.loads(run_afterclose("models", "--json", data=data).out)["models"]
    said["promote"] = run_afterclose("promote", one["model_id"], "--why", "the first", data=data)
    for day in ("2020-08-01", "2020-08-02", "2020-10-20"):
        scored = run_luigi(*small, "--end", day, "--mode", "score", data=data)
        assert scored.code == 0, scored.err
    said["retrain"] = run_luigi(*small, "--mode", "train", data=data)
    assert said["retrain"].code == 0, said["retrain"].err
    listed = json.loads(run_afterclose("models", "--json", data=data).out)["models"]
    (two,) = [model for model in listed if model["state"] == "candidate"]
    return data, one["model_id"], two["model_id"], said


def test_a_promotion_says_what_it_did(told):
    """One line."""
    _, one, _, said = told
    assert said["promote"].code == 0
    assert said["promote"].out.strip() == f"champion is now {one}: the first"


def test_a_retraining_run_compares_its_candidate_with_the_champion(told):
    """On rows after the champion's training alone, in evaluation, report and on the terminal."""
    data, one, two, said = told
    body = json.loads((data / "latest" / "evaluation.json").read_text())
    assert (body["mode"], body["model"]["model_id"]) == ("train", two)
    champion = body["champion"]
    assert (champion["model_id"], champion["compared"]) == (one, True)
    assert champion["from"] > champion["trained_to"] == "2020-07-30"
    # two tickers from 31 July (1) through August (31) and September (30) to 25 October (25)
    assert champion["rows"] == 2 * (1 + 31 + 30 + 25)
    assert "Beside the champion" in said["retrain"].out
    assert body["advice"]["decision"] in said["retrain"].err
    (meta,) = [
        json.loads(path.read_text())
        for path in (data / "checkpoints" / "evaluate").glob("*/meta.json")
        if json.loads(path.read_text())["parameters"]["champion_id"] == one
    ]
    assert {i["stage"]: i["key"] for i in meta["inputs"]}["models"] == one


def test_models_are_listed_champion_first(told, run_afterclose):
    """As a table and as JSON."""
    data, one, two, _ = told
    rows = run_afterclose("models", data=data).out.splitlines()
    assert rows[1].split()[:3] == ["files:prices", one, "champion"]
    assert rows[2].split()[:3] == ["files:prices", two, "candidate"]


def test_a_model_is_shown_with_its_decisions(told, run_afterclose):
    """Training, figures, who decided what."""
    data, one, _, _ = told
    out = run_afterclose("models", "show", one[:8], data=data).out
    assert "the first" in out
    assert "walk-forward auc" in out
    found = json.loads(run_afterclose("models", "show", one, "--json", data=data).out)
    assert [d["action"] for d in found["decisions"]] == ["promotion"]
    assert found["training"]["to"] == "2020-07-30"


def test_two_models_are_compared_after_both_trainings(told, run_afterclose):
    """The second knows all rows: nothing is left to compare on, and that is said."""
    data, one, two, _ = told
    outcome = run_afterclose("models", "compare", one, two, data=data)
    assert outcome.code == 0
    assert "features: the same set 1" in outcome.out
    assert "not compared: 0 labelled rows in 0 sessions after both trainings" in outcome.out


def test_a_prediction_on_request_carries_model_and_age(told, run_afterclose):
    """The champion on the newest features, as a table and as JSON; nothing is written."""
    data, one, _, _ = told
    before = sorted(str(p) for p in data.rglob("*"))
    found = json.loads(run_afterclose("predict", "--json", data=data).out)
    assert (found["model_id"], found["trained_to"]) == (one, "2020-07-30")
    assert found["features"]["last_session"] == "2020-10-26"
    assert found["age_sessions"] == 88
    assert [s["ticker"] for s in found["signals"]] == ["AAA", "BBB"]
    assert {s["session"] for s in found["signals"]} == {"2020-10-27"}
    assert one in run_afterclose("predict", data=data).out
    assert sorted(str(p) for p in data.rglob("*")) == before


def test_a_signal_that_rests_on_a_doubtful_row_is_withheld_wherever_it_is_told(
    run_luigi, run_afterclose, small, data, tmp_path
):
    """BBB's last close is 2.6 times what it was: report, predict and query say nothing, the scorecard counts it."""
    *before, last = prices_csv().splitlines()
    day, ticker, opened, high, low, close, volume = last.split(",")
    assert (day, ticker) == ("2020-10-26", "BBB")
    leap = [day, ticker, opened, f"{2.6 * float(high):.4f}", low, f"{2.6 * float(close):.4f}", volume]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([*before, ",".join(leap)]) + "\n", encoding="utf-8")
    words = [str(path) if word.endswith("prices.csv") else word for word in small]
    assert run_luigi(*words, "--end", "2020-10-25", "--mode", "train", data=data).code == 0
    (model,) = json.loads(run_afterclose("models", "--json", data=data).out)["models"]
    assert run_afterclose("promote", model["model_id"], "--why", "the first", data=data).code == 0
    assert run_luigi(*words, "--mode", "score", data=data).code == 0
    reported = json.loads((data / "latest" / "evaluation.json").read_text())["signals"]
    assert [signal["direction"] is None for signal in reported] == [False, True]
    # what a program reads that knows no report
    written = json.loads((data / "latest" / "predictions.json").read_text())["signals"]
    assert written[0] | {"reason": None} == reported[0]
    assert written[1] == reported[1]
    told = json.loads(run_afterclose("predict", "--json", data=data).out)["signals"]
    assert told == reported
    assert "withheld: the last row is in doubt" in run_afterclose("predict", data=data).out
    asked = json.loads(
        run_afterclose("query", "SELECT ticker, direction FROM signals", "--json", data=data).out
    )
    assert {row["ticker"]: row["direction"] is None for row in asked} == {"AAA": False, "BBB": True}
    past = json.loads(run_afterclose("scorecard", "--json", data=data).out)
    assert (past["signals"], past["withheld"]) == (1, 1)
    assert "1 more signal withheld" in run_afterclose("scorecard", data=data).out


def test_another_model_and_features_can_be_asked_for(told, run_afterclose):
    """By the beginning of an id, and a file."""
    data, _, two, _ = told
    features = data / "latest" / "features.json"
    outcome = run_afterclose("predict", "--model", two[:7], "--features", features, "--json", data=data)
    assert json.loads(outcome.out)["model_id"] == two


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--model", "ffffffffffff"], 4, "no model is called"),
        (["--features", "nowhere.json"], 20, "no features file"),
        (["--model", "nowhere.json"], 20, "no model file"),
    ],
)
def test_a_prediction_that_cannot_be_made_says_why(words, code, says, told, run_afterclose):
    """One line and the contract's exit code."""
    outcome = run_afterclose("predict", *words, data=told[0])
    assert outcome.code == code
    assert says in outcome.err
    assert len(outcome.messages) == 1


def test_predicting_without_champion_or_features_says_what_to_do(run_afterclose, data):
    """Exit 4: promote one first."""
    outcome = run_afterclose("predict", data=data)
    assert outcome.code == 4
    assert "afterclose promote" in outcome.err


def test_the_scorecard_sets_signals_against_what_happened(told, run_afterclose):
    """Three score runs of two tickers: six signals, all known since; too few to judge, counted all the same."""
    data, one, _, _ = told
    found = json.loads(run_afterclose("scorecard", "--json", data=data).out)
    assert (found["score_runs"], found["signals"], found["known"]) == (3, 6, 6)
    assert found["written_ahead"] == 0
    assert [(e["model_id"], e["period"], e["rows"]) for e in found["scorecard"]] == [
        (one, "all", 6), (one, "2020Q3", 4), (one, "2020Q4", 2),
    ]  # fmt: skip
    features = json.loads((data / "latest" / "features.json").read_text())
    outcomes = {(r[0], r[1]): r[-1] for r in features["rows"]}
    right = 0
    for path in (data / "checkpoints" / "train_or_score").glob("*/predictions.json"):
        body = json.loads(path.read_text())
        if body["mode"] == "score":
            assert body["age_sessions"] > 0
            right += sum(
                outcomes[s["after"], s["ticker"]] == (s["direction"] == "up") for s in body["signals"]
            )
    assert found["scorecard"][0]["right"] == right
    assert "6 signals of 3 score runs" in run_afterclose("scorecard", data=data).out


def test_a_scorecard_without_signals_says_so(run_afterclose, prepared):
    """And exits 0: there is nothing wrong."""
    outcome = run_afterclose("scorecard", data=prepared)
    assert outcome.code == 0
    assert "no score run of profile files:prices yet" in outcome.out


def test_decide_promote_roll_back_and_the_track_record(told, run_afterclose, tmp_path):
    """The whole line in a copy: keep, promote, roll back, and what the advice was worth."""
    data, one, two, _ = told
    copy = tmp_path / "copy"
    copy_root(data, copy)
    kept = run_afterclose("models", "decide", "keep", "--why", "earnings season", data=copy)
    assert f"keep {one}" in kept.out
    assert "the advice was: " in kept.out
    assert (
        f"champion is now {two} instead of {one}"
        in run_afterclose("promote", two[:8], "--why", "newer", data=copy).out
    )
    back = run_afterclose("rollback", "--why", "it trades too much", data=copy)
    assert back.out.strip() == f"champion is again {one} instead of {two}: it trades too much"
    states = {
        m["model_id"]: m["state"]
        for m in json.loads(run_afterclose("models", "--json", data=copy).out)["models"]
    }
    assert states == {one: "champion", two: "retired"}
    again = run_afterclose("rollback", "--why", "more", data=copy)
    assert (again.code, "no earlier champion" in again.err) == (4, True)
    found = json.loads(run_afterclose("models", "advice", "--json", data=copy).out)
    assert [(e["decision"], e["in_use"], e["instead_of"]) for e in found["track_record"]] == [
        ("promotion", one, None), ("keep", one, two), ("promotion", two, one), ("rollback", one, two),
    ]  # fmt: skip
    first = found["track_record"][0]
    assert first["followed"] is None, "insufficient evidence asks for nothing"
    # known then: to 31 July; since then August, September and 25 days of October
    assert first["outcome"]["rows"] == 2 * (31 + 30 + 25)
    assert first["outcome"]["auc"]["low"] < first["outcome"]["auc"]["value"]
    assert found["track_record"][1]["outcome"]["says"].startswith("too early")
    assert sum(found["tally"].values()) == 4
    out = run_afterclose("models", "advice", data=copy).out
    assert "track record: advice followed" in out
    assert "earnings season" in out


def test_a_decision_is_not_judged_by_many_rows_of_few_sessions(told, tmp_path):
    """16 September to 25 October: 40 sessions of two tickers; from 31 July on 87 are sufficient."""
    data, one, _, _ = told
    configured = settings.load({"AFTERCLOSE_DATA": str(data)}, tmp_path)
    features = decode((data / "latest" / "features.json").read_bytes(), "features.json")
    few = track_record._alone(configured, features, one, "2020-09-15", "")
    assert few == {"says": "too early: 80 later rows in 40 sessions", "rows": 80}
    assert track_record._alone(configured, features, one, "2020-07-30", "")["auc"]["value"] is not None


def test_a_damaged_champion_does_not_stop_its_successor(told, run_luigi, small, tmp_path):
    """Training goes on; the evaluation names the champion and says why it was not compared."""
    data, one, _, _ = told
    copy = tmp_path / "copy"
    copy_root(data, copy)
    (copy / "models" / f"{one}.json").write_text("{}")
    outcome = run_luigi(*small, "--mode", "train", data=copy)
    assert outcome.code == 0, outcome.err
    champion = json.loads((copy / "latest" / "evaluation.json").read_text())["champion"]
    assert (champion["model_id"], champion["compared"]) == (one, False)
    assert "missing or damaged" in champion["reason"]


def test_a_planted_leak_is_flagged_in_the_report_and_in_the_advice(prepared, run_afterclose, tmp_path):
    """A feature that carries the label, through the stages as functions of files."""
    found = json.loads((prepared / "latest" / "features.json").read_text())
    place, label = found["columns"].index("lag5"), found["columns"].index("up_next")
    for row in found["rows"]:
        if row[place] is not None and row[label] is not None:
            row[place] += 0.02 * row[label]
    leaky = tmp_path / "features.json"
    leaky.write_text(json.dumps(found))
    made = tmp_path / "made"
    options = [
        "--mode",
        "train",
        "--min-train-sessions",
        "120",
        "--fold-sessions",
        "60",
        "--calendar",
        "24/7",
    ]
    steps = (
        ("train_or_score", [leaky], options),
        ("evaluate", [leaky, made / "predictions.json", made / "model.json",
                      *(prepared / "latest" / name for name in ("findings.json", "repairs.json"))], []),
        ("report", [made / "evaluation.json"], []),
    )  # fmt: skip
    for stage, inputs, more in steps:
        words = [word for path in inputs for word in ("--input", path)]
        outcome = run_afterclose("stage", stage, *words, "--output", f"{made}/", *more)
        assert outcome.code == 0, outcome.err
    body = json.loads((made / "evaluation.json").read_text())
    assert body["performance"]["auc"]["value"] > 0.6
    assert body["leak_alarm"]["raised"]
    assert body["advice"]["decision"] == "insufficient evidence"
    text = " ".join((made / "report.txt").read_text().split())
    assert "WARNING: Leak alarm" in text
    assert "look for the leak first" in text


def test_figures_are_written_as_in_the_report(capsys):
    """A Brier score has four decimals, a hit rate is a share, and a difference below the last digit is no 0."""
    estimates = {
        "brier": {"value": 0.25031, "low": 0.2497, "high": 0.25093},
        "hit_rate": {"value": 0.50538, "low": 0.49541, "high": 0.51602},
    }
    pairs = [
        {"metric": "brier", "difference": -0.00042, "low": -0.00081, "high": -0.00003},
        {"metric": "hit_rate", "difference": 0.0, "low": -0.01, "high": 0.0101},
    ]
    _print_pairs({"challenger": estimates, "performance": estimates, "paired": pairs}, ("first", "second"))
    brier, hit_rate = (" ".join(line.split()) for line in capsys.readouterr().out.splitlines()[1:])
    assert brier == "brier 0.2503 [0.2497, 0.2509] 0.2503 [0.2497, 0.2509] -0.0004 [-0.0008, -0.00003]"
    assert hit_rate == "hit_rate 50.5% [49.5%, 51.6%] 50.5% [49.5%, 51.6%] 0.0000 [-0.0100, 0.0101]"
