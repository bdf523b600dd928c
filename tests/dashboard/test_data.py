"""The loaders: what they give is what is committed; damage is noticed even after it was read."""

from __future__ import annotations

import json

import pytest

from core.errors import CheckpointError
from core.journal import Journal
from core.queries.runs.holdings import keys_of
from core.store.checkpoints import Slot, Store
from dashboard import data as loaders


@pytest.fixture
def store(finished) -> Store:
    return Store(finished)


@pytest.fixture
def run(finished):
    return Journal(finished).runs()[0]


@pytest.fixture
def keys(store, run):
    return keys_of(store, run)


def as_json(root, stage, name):
    (folder,) = (root / "checkpoints" / stage).iterdir()
    return json.loads((folder / name).read_bytes())


def test_the_keys_are_those_of_all_seven_stages(store, run, keys, finished):
    """Also when the run only names the report, as a publication does."""
    from dataclasses import replace

    on_disk = {path.parent.name: path.name for path in finished.glob("checkpoints/*/*")}
    assert keys == on_disk
    bare = replace(run, keys={"report": run.keys["report"]})
    assert keys_of(store, bare) == on_disk


def test_rows_are_the_file_s_rows_of_that_ticker(store, keys, finished):
    """Compared with the JSON read by itself: same numbers, date order, the last ones when asked."""
    artifact = loaders.artifact_of(store, keys, "features")
    raw = as_json(finished, "feature_engineer", "features.json")
    expected = [row for row in raw["rows"] if row[1] == "BBB"]
    rows = loaders.rows_of(store, artifact, "BBB", None)
    assert rows["adj_close"].tolist() == [row[2] for row in expected]
    assert [str(d)[:10] for d in rows["date"]] == [row[0] for row in expected]
    assert loaders.rows_of(store, artifact, "BBB", 10)["adj_close"].tolist() == [r[2] for r in expected[-10:]]
    assert loaders.tickers(store, artifact) == ["AAA", "BBB"]


def test_windows_are_of_one_ticker_or_of_all(store, keys):
    """300 days of two tickers, the first return of each missing: 63 sessions now, 236 before."""
    artifact = loaders.artifact_of(store, keys, "features")
    one = loaders.windows_of(store, artifact, "return", "AAA", 63)
    every = loaders.windows_of(store, artifact, "return", loaders.ALL, 63)
    assert (len(one.current), len(one.reference)) == (63, 236)
    assert (len(every.current), len(every.reference)) == (126, 472)


def test_past_signals_are_read_anew_when_there_is_a_new_checkpoint(finished, monkeypatch):
    """Otherwise they are kept: reading them all costs a second or more."""
    from core.queries.models import past_signals as history
    from core.request import settings

    monkeypatch.setenv("AFTERCLOSE_DATA", str(finished))
    before = history.mark_of_signals(finished)
    assert loaders.past_signals(settings.load(), "files:prices")["score_runs"] == 0
    assert history.mark_of_signals(finished) == before
    (finished / "checkpoints" / "train_or_score" / "new").mkdir()
    assert history.mark_of_signals(finished) != before


def test_documents_are_the_file_s_body(store, keys, finished):
    """Without the envelope."""
    body = loaders.document(store, loaders.artifact_of(store, keys, "evaluation"))
    raw = as_json(finished, "evaluate", "evaluation.json")
    assert body == {name: value for name, value in raw.items() if name not in ("format", "kind")}


def test_the_summary_is_the_evaluation_s(store, keys, finished):
    """Findings and repairs by rule, rows and period, as the report has them."""
    found = {kind: loaders.artifact_of(store, keys, kind) for kind in ("findings", "repairs", "features")}
    raw = as_json(finished, "evaluate", "evaluation.json")["data"]
    assert loaders.summary(store, *found.values()) == raw


def test_every_feature_is_explained_while_definitions_are_the_present_ones(store, keys):
    """An average, the volatility and the label have their words."""
    texts = loaders.definitions(store, loaders.artifact_of(store, keys, "features"))
    assert {"ma5", "volatility20", "up_next", "return"} <= set(texts)


def test_what_a_run_has_not_made_is_none(store):
    """No key, or a key without a checkpoint."""
    assert loaders.artifact_of(store, {}, "features") is None
    assert loaders.artifact_of(store, {"feature_engineer": "never"}, "features") is None


def test_damage_is_noticed_although_the_table_was_read_before(store, keys, finished):
    """The cache is asked only after digests were compared."""
    artifact = loaders.artifact_of(store, keys, "features")
    loaders.rows_of(store, artifact, "AAA", None)
    path = store.folder(Slot("feature_engineer", keys["feature_engineer"])) / "features.json"
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(CheckpointError, match=r"features\.json is damaged"):
        loaders.artifact_of(store, keys, "features")


def test_a_damaged_meta_is_noticed(store, keys):
    """Also when it is still JSON."""
    path = store.meta_path(Slot("evaluate", keys["evaluate"]))
    path.write_text(path.read_text().replace('"rows"', '"Rows"', 1))
    with pytest.raises(CheckpointError, match="is not a readable meta file"):
        loaders.artifact_of(store, keys, "evaluation")
