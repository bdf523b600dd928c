"""What a model sees changes by a person's decision: the difference is recorded, shown, and what it adds is measured."""

import json

import pytest

from core.features.feature_diff import MOST_LINES, feature_change
from tests.commands import command
from tests.plugins.changed_features import MINE, SMALL, asked, copied


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a champion of the built-in features and a candidate with two own ones."""
    return copied(tmp_path_factory)


def test_the_report_names_what_is_new_against_the_champion(desk):
    """Added features, and that a person decides."""
    report = " ".join((desk[0] / "data" / "latest" / "report.txt").read_text().split())
    assert "The champion does not see those added" in report
    assert "Added: body" in report
    assert "a person says why" in report


def test_a_champion_that_scores_beside_new_features_is_not_said_to_be_unable_to(desk):
    """The advice rests on the comparison, and names what was added."""
    folder, first, _ = desk
    body = json.loads((folder / "data" / "latest" / "evaluation.json").read_text())
    assert (body["champion"]["model_id"], body["advice"]["decision"]) == (first, "insufficient evidence")
    (reason,) = [each for each in body["advice"]["reasons"] if each["name"] == "feature definitions"]
    assert (reason["value"], reason["says"]) == ("added", "nothing")
    assert "body, range20 beside those that the champion sees" in reason["text"]


def test_what_has_no_effect_beside_a_champion_is_said(desk):
    """A model that was asked for where the champion scores: in the plan and in the run."""
    folder, first, _ = desk
    asks = (*SMALL[:-2], "--model", "sklearn.naive_bayes.GaussianNB", "--seed", "3")
    said = f"--model, --seed have no effect: the champion {first} scores; --mode train trains another model"
    assert asked(folder, "plan", *asks)["unused"] == said
    for words in (("plan", *asks), ("run", *asks)):
        done = command("afterclose", *words, cwd=folder, data=folder / "data")
        assert (done.code, (done.out + done.err).count(said)) == (0, 1), done.err
    assert asked(folder, "plan", *asks[:-4])["unused"] == ""


def test_a_training_that_is_refused_is_not_tried_again_and_its_cause_is_whole(desk):
    """1,500 neighbours of 1,216 rows: the same each time; terminal and report say it to the end."""
    folder, first, _ = desk
    model = (
        "--model",
        "sklearn.neighbors.KNeighborsClassifier",
        "--model-parameters",
        '{"n_neighbors": 1500}',
    )
    done = command("afterclose", "run", *SMALL, *model, cwd=folder, data=folder / "data")
    assert done.code == 0, done.err
    states = [line.split()[1] for line in done.err.splitlines() if line.startswith("train_or_score")]
    assert states == ["retained", "done"]
    cause = "Expected n_neighbors <= n_samples_fit, but n_neighbors = 1500, n_samples_fit = 1"
    assert cause in done.err
    assert cause in " ".join(done.out.split("What is doubtful")[0].split())
    assert first in done.out


def test_modules_are_listed_under_the_option_of_runs(desk):
    """--plugins, as run has it, beside --modules."""
    (desk[0] / "other.py").write_text(MINE)
    for option in ("--plugins", "--modules"):
        assert [each["module"] for each in asked(desk[0], "plugins", option, "other.py")] == ["other"]


def test_an_ablation_is_made_of_each_new_feature_and_of_all(desk):
    """The same folds and rows; with is the model's own walk forward, and a difference is with less without."""
    folder, first, second = desk
    outcome = asked(folder, "models", "ablation", second)
    assert (outcome["champion_id"], outcome["model_id"]) == (first, second)
    assert [entry["without"] for entry in outcome["ablations"]] == [
        ["body"],
        ["range20"],
        ["body", "range20"],
    ]
    known = next(e for e in asked(folder, "models")["models"] if e["model_id"] == second)
    for entry in outcome["ablations"]:
        assert entry["challenger"]["auc"]["value"] == pytest.approx(known["auc"]["value"], abs=1e-12)
        auc = next(pair for pair in entry["paired"] if pair["metric"] == "auc")
        apart = entry["challenger"]["auc"]["value"] - entry["performance"]["auc"]["value"]
        assert auc["difference"] == pytest.approx(apart, abs=1e-12)
        assert auc["low"] <= auc["difference"] <= auc["high"]
    text = command(
        "afterclose", "models", "ablation", second, "--without", "lag5", cwd=folder, data=folder / "data"
    )
    assert text.code == 0
    assert "without lag5: " in text.out
    wrong = command("afterclose", "models", "ablation", first, cwd=folder, data=folder / "data")
    assert (wrong.code, "no feature of its own that the champion lacks" in wrong.err) == (4, True)


def test_a_promotion_says_and_records_what_changes_with_the_difference_of_the_source(desk):
    """Before it a warning; the signed record has names, digests and lines; a roll-back has it the other way round."""
    folder, first, second = desk
    done = command("afterclose", "promote", second, "--why", "nervous days", cwd=folder, data=folder / "data")
    assert done.code == 0
    words = " ".join(done.err.split())
    assert f"does not see what the champion {first} sees: added body, range20" in words
    (decision,) = [d for d in asked(folder, "models", "show", second)["decisions"] if d["model_id"] == second]
    assert decision["why"] == "nervous days"
    assert decision["features"]["added"] == ["body", "range20"]
    (source,) = decision["features"]["sources"]
    assert (source["module"], source["before"], len(source["after"])) == ("mine.py", None, 64)
    assert "+    return panel.close / panel.open - 1" in source["diff"].splitlines()
    back = command("afterclose", "rollback", "--why", "calm", cwd=folder, data=folder / "data")
    assert back.code == 0
    last = asked(folder, "models", "show", first)["decisions"][-1]
    assert last["features"]["removed"] == ["body", "range20"]
    assert "-    return panel.close / panel.open - 1" in last["features"]["sources"][0]["diff"].splitlines()
    assert command("afterclose", "verify", cwd=folder, data=folder / "data").code == 0


def test_a_model_whose_module_changed_since_is_not_promoted_without_a_word(desk):
    """The module is another one, or gone, where the run is started from: it is said before, and nothing scores."""
    folder, _, second = desk
    (folder / "mine.py").write_text(MINE.replace("open - 1", "open - 1.0"))
    done = command("afterclose", "promote", second, "--why", "again", cwd=folder, data=folder / "data")
    words = " ".join(done.err.split())
    assert "was trained with mine.py of SHA-256" in words
    assert "it cannot score" in words
    scored = command("afterclose", "run", *SMALL[:-1], "score", cwd=folder, data=folder / "data")
    assert scored.code == 30
    assert "was trained on the feature" in scored.err
    (folder / "mine.py").write_text(MINE)
    assert command("afterclose", "rollback", "--why", "end", cwd=folder, data=folder / "data").code == 0


def model(texts, sha256="a" * 64):
    """A model's body, as far as its features go."""
    own = [{"name": "body", "text": "x", "module": "mine.py", "sha256": sha256}]
    return {"feature_set": 1, "definition_digest": sha256, "features": ["body"], "own": own, "modules": texts}


def test_a_long_difference_is_cut_and_a_text_that_was_not_kept_is_none():
    """A record stays small; the two models hold the whole texts."""
    texts = {"b" * 64: {"mine.py": "\n".join(map(str, range(5_000)))}}
    changed = feature_change(model({"a" * 64: {"mine.py": ""}}), model(texts, "b" * 64))
    lines = changed["sources"][0]["diff"].splitlines()
    assert (len(lines), lines[-1]) == (MOST_LINES + 1, f"... {5_003 - MOST_LINES} more lines")
    assert feature_change(model({}), model(texts, "b" * 64))["sources"][0]["diff"] is None
    assert feature_change(model(texts), model(texts)) is None
