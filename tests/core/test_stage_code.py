"""A stage's code cannot change under an unchanged version without somebody saying why that is right."""

from __future__ import annotations

import ast
import importlib.util
import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from core.request.stages import BY_NAME, NAMES


@pytest.fixture(scope="module")
def stage_code():
    """The script beside this file, as a module."""
    path = Path(__file__).with_name("stage_code.py")
    spec = importlib.util.spec_from_file_location("stage_code", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_stages_code_is_the_recorded_one(stage_code):
    """The message of each stage says what to do."""
    assert list(stage_code.problems().values()) == []


def test_every_change_on_record_has_its_reason(stage_code):
    """A new version, or the words "no effect"; the latest entry has the present version."""
    history = stage_code.recorded()
    assert list(history) == list(NAMES)
    for stage, entries in history.items():
        assert entries[-1]["version"] == BY_NAME[stage].version
        assert all(entry["why"].strip() for entry in entries)
        for before, after in pairwise(entries):
            assert after["version"] > before["version"] or after["why"].startswith("no effect"), (
                stage,
                after,
            )


def test_each_stage_rests_on_the_modules_one_expects(stage_code):
    """Found by walking imports: its own package, the encoder, the column names; never another front end."""
    own = {
        "ingest": "core.sources.table", "validate": "core.prices.rules", "clean": "core.prices.spikes",
        "feature_engineer": "core.features.definitions", "train_or_score": "core.models.boosting",
        "evaluate": "core.measures.bootstrap", "report": "core.report.as_html",
    }  # fmt: skip
    for stage, module in own.items():
        found = stage_code.modules_of(stage)
        assert {module, "core.tables.codec", "core.columns"} <= set(found), stage
        assert not any(
            name.startswith(("core.cli", "core.store.checkpoints", "core.runs.execution", "core.runs.plan"))
            for name in found
        )
    assert "core.measures.metrics" not in stage_code.modules_of("clean")


@pytest.fixture
def copy(root, tmp_path):
    """A copy of core that a test may change, beside one that stays."""
    for name in ("changed", "before"):
        shutil.copytree(root / "core", tmp_path / name / "core", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "changed"


def changed(stage_code, copy):
    """The stages whose digest in the copy is not what it was."""
    before = copy.with_name("before")
    return {stage for stage in NAMES if stage_code.digest(stage, copy) != stage_code.digest(stage, before)}


def edit(copy, name, old, new):
    """Replace a text that must be there."""
    path = copy / name
    text = path.read_text()
    assert old in text, f"{name} no longer holds {old!r}: choose another place to change"
    path.write_text(text.replace(old, new, 1))


def test_a_changed_constant_is_noticed_by_the_stages_that_rest_on_it(stage_code, copy):
    """One number in the encoder touches all; one in the text report touches the report only."""
    edit(
        copy,
        "core/report/as_text.py",
        "from __future__ import annotations",
        "from __future__ import annotations\nX = 1",
    )
    assert changed(stage_code, copy) == {"report"}
    edit(copy, "core/tables/limits.py", "250_000", "250_001")
    assert changed(stage_code, copy) == set(NAMES)


def test_a_changed_docstring_comment_or_layout_is_not_noticed(stage_code, copy):
    """Words for people make no bytes."""
    for path in (copy / "core").rglob("*.py"):
        text = path.read_text()
        path.write_text(
            text.replace('"""', '"""Reworded. ', 1).replace("\n\n", "\n\n# a comment\n\n", 1) + "\n\n"
        )
    assert changed(stage_code, copy) == set()


def digest_of_text(stage_code, text):
    """A module's text as the digest reads it."""
    return stage_code.plain(ast.parse(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('raise DataError("no rows")', 'raise DataError("no row at all")'),
        ('raise DataError(f"{a} is bad", parameter="x")', 'raise DataError(f"bad: {a}", parameter="y")'),
        ('raise DataError("text" + name) from error', 'raise DataError("other" + name) from error'),
        ('log.info("%s rows", n)', 'log.info("%s rows read", n)'),
        ('progress(n, of, "rows")', 'progress(n, of, "lines")'),
    ],
)
def test_a_reworded_message_is_not_noticed(stage_code, before, after):
    """Raised errors, log lines and progress commit nothing."""
    assert digest_of_text(stage_code, before) == digest_of_text(stage_code, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('x = "gap"', 'x = "hole"'),
        ('rows.append(f"{a} is bad")', 'rows.append(f"bad: {a}")'),
        ('finding("no rows")', 'finding("no row")'),
        ('raise DataError("no rows")', 'raise ModelError("no rows")'),
        ('raise DataError(f"{a} is bad")', 'raise DataError(f"{b} is bad")'),
        ('x.info("gap")', 'x.info("hole")'),
        ("progress(n, 1)", "progress(n, 2)"),
        ('raise NAMES["a"]', 'raise NAMES["b"]'),
    ],
)
def test_other_texts_and_what_a_message_computes_still_count(stage_code, before, after):
    """A text that can reach an artifact is code; so is which error is raised, and with what values."""
    assert digest_of_text(stage_code, before) != digest_of_text(stage_code, after)


def test_a_changed_call_of_a_stages_halves_is_noticed(stage_code, copy):
    """What training is given matters, too."""
    edit(
        copy,
        "core/models/train_or_score.py",
        "settings.train, features_sha256",
        "settings.train or settings.train, features_sha256",
    )
    assert changed(stage_code, copy) == {"train_or_score"}


def test_the_message_says_what_to_do(stage_code):
    """Each way in which code, version and record can disagree."""
    history = [{"version": 1, "digest": "a", "why": "first"}]
    assert stage_code.problem("clean", 1, history, "a") is None
    told = stage_code.problem("clean", 1, history, "b")
    assert "raise version of clean in core/request/stages.py" in told
    assert "no effect" in told
    assert "--record" in stage_code.problem("clean", 2, history, "b")
    assert "recorded is 1" in stage_code.problem("clean", 2, history, "a")
    assert stage_code.problem("clean", 1, [], "a") is not None


def test_recording_under_an_old_version_needs_the_words_no_effect(stage_code, tmp_path, monkeypatch):
    """A reason that claims an effect, without a new version, is refused."""
    monkeypatch.setattr(stage_code, "RECORD", tmp_path / "record.json")
    assert stage_code.record("first") == list(NAMES)
    assert stage_code.problems() == {}
    assert stage_code.record("again") == []
    monkeypatch.setattr(stage_code, "digest", lambda stage, root=None: "other")
    with pytest.raises(SystemExit, match=r"still \d"):
        stage_code.record("a better rule")
    assert stage_code.record("no effect: renamed") == list(NAMES)
    assert [entry["why"] for entry in stage_code.recorded()["clean"]] == ["first", "no effect: renamed"]


def test_one_change_of_a_raised_stage_and_others_is_recorded_at_once(stage_code, tmp_path, monkeypatch):
    """A rule more touches validate, which is raised, and clean, which is not: each gets the reason of its kind."""
    raised = {name: {"version": BY_NAME[name].version, "digest": "old", "why": "first"} for name in NAMES}
    raised["validate"]["version"] -= 1
    path = tmp_path / "record.json"
    path.write_text(json.dumps({name: [entry] for name, entry in raised.items()}))
    monkeypatch.setattr(stage_code, "RECORD", path)
    with pytest.raises(SystemExit, match="validate: version was raised"):
        stage_code.record(no_effect="words only")
    with pytest.raises(SystemExit, match="--no-effect"):
        stage_code.record("a rule more")
    assert stage_code.record("a rule more", "words only") == list(NAMES)
    latest = {name: history[-1]["why"] for name, history in stage_code.recorded().items()}
    assert latest.pop("validate") == "a rule more"
    assert set(latest.values()) == {"no effect: words only"}
