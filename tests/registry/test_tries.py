"""How many candidates were judged on the same sessions, by real runs; and what the best of them reaches by chance."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.journal import Journal
from core.queries.models.gates import gates
from core.queries.models.modelbook import listing
from core.queries.models.tries_words import tries_words
from core.registry.candidates import Candidate, distinct, overlap
from core.registry.tries import Tries, all_tries, tries
from core.request import settings
from core.store.checkpoints import Store
from tests.champions import settings_of
from tests.shared import copy_root, shared


@pytest.fixture(scope="module")
def several(tmp_path_factory, prepared, run_luigi, small):
    """A data root in which three candidates were judged on the same sessions, one of them twice."""

    def make(folder):
        root = copy_root(prepared, folder / "data")
        for more in (["--seed", "8"], ["--model", "hist_gradient_boosting"], ["--seed", "8"]):
            outcome = run_luigi(*small, *more, data=root)
            assert outcome.code == 0, outcome.err
        return root

    return shared(tmp_path_factory, "tries", make)


def keys_in_order(root):
    """The evaluations' keys by the order in which they first came."""
    runs = Journal(root, read_only=True).runs()
    return list(dict.fromkeys(run.keys["evaluate"] for run in reversed(runs)))


def body_of(root, key):
    """An evaluation."""
    return json.loads((root / "checkpoints" / "evaluate" / key / "evaluation.json").read_bytes())


def test_each_model_is_one_try_however_often_it_is_made(several):
    """Three models, four runs: numbered in the order in which they came, each with its own AUC."""
    keys = keys_in_order(several)
    found = [tries(settings_of(several), key) for key in keys]
    assert [(t.number, t.count) for t in found] == [(1, 3), (2, 3), (3, 3)]
    for each, key in zip(found, keys, strict=True):
        body = body_of(several, key)
        assert (each.model_id, each.auc) == (body["model"]["model_id"], body["performance"]["auc"]["value"])


def test_the_best_of_several_reaches_more_than_one_alone(several):
    """By chance: above one half, within what a single candidate's interval spans, and the p value is of the own AUC."""
    key = keys_in_order(several)[-1]
    found, body = tries(settings_of(several), key), body_of(several, key)
    auc = body["performance"]["auc"]
    assert 0.5 < found.best.typical < found.best.high < 0.5 + 1.5 * (auc["high"] - auc["low"])
    assert found.above_chance == (found.auc > found.best.high)
    assert 0 < found.best.p_value <= 1
    assert 0 < found.sharpe.probability < 1
    assert found.sharpe.tries == 3
    assert found.sentence.startswith(
        "Candidate 3 of 3 on these sessions; the best of 3 without skill would reach"
    )
    assert "in 2.5 of 100 cases" in found.sentence


def test_of_large_tables_what_is_on_record_gives_the_correction(several, monkeypatch):
    """Without predictions: as far as resampling goes or somewhat farther, for copies count as tries of their own."""
    key = keys_in_order(several)[-1]
    resampled = tries(settings_of(several), key)
    monkeypatch.setattr("core.registry.tries.MOST_ROWS", 1)
    monkeypatch.setattr("core.registry.tries.table_of_kind", None)  # no table is read
    recorded = tries(settings_of(several), key)
    assert (recorded.number, recorded.count, recorded.best.tries) == (3, 3, 3)
    assert 0 < recorded.best.high - 0.5 < 1.5 * (resampled.best.high - 0.5)
    assert recorded.best.high - 0.5 > 0.9 * (resampled.best.high - 0.5)
    assert recorded.sharpe.sharpe == pytest.approx(resampled.sharpe.sharpe, rel=1e-9)
    assert recorded.sharpe.probability == pytest.approx(resampled.sharpe.probability, abs=0.03)
    assert recorded.sentence.startswith("Candidate 3 of 3 on these sessions; the best of 3 without skill")


def test_a_single_candidate_has_nothing_to_correct_for(prepared):
    """One of one; no gate, no predictions are read."""
    (key,) = keys_in_order(prepared)
    found = tries(settings_of(prepared), key)
    assert (found.number, found.count, found.best) == (1, 1, None)
    assert found.sentence == "Candidate 1 of 1 on these sessions: no other was judged on them."
    body = body_of(prepared, key)
    assert gates(body, found) == gates(body)


def test_a_candidate_whose_checkpoints_are_gone_still_counts(several, tmp_path):
    """The journal knows that it was trained; without its predictions it counts as an independent try."""
    root = tmp_path / "data"
    copy_root(several, root)
    first, _, last = keys_in_order(root)
    whole = tries(settings_of(root), last)
    shutil.rmtree(root / "checkpoints" / "evaluate" / first)
    found = tries(settings_of(root), last)
    assert (found.number, found.count) == (3, 3)
    assert found.best.typical >= whole.best.typical
    assert tries(settings_of(root), first) is None


def test_the_registry_and_the_gates_say_it(several):
    """The same count for every model, and the AUC that the best of three reaches by chance as the gate's bound."""
    configured = settings.load({"AFTERCLOSE_DATA": str(several)}, several)
    entries = listing(configured, "files:prices", with_tries=True)
    assert sorted((e["tries"]["number"], e["tries"]["count"]) for e in entries) == [(1, 3), (2, 3), (3, 3)]
    assert len({e["tries"]["best_by_chance_high"] for e in entries}) == 1
    assert all(entry["tries"]["sentence"].startswith("Candidate") for entry in entries)
    assert {entry["tries"] for entry in listing(configured, "files:prices")} == {None}
    key = keys_in_order(several)[-1]
    found = tries(settings_of(several), key)
    (gate,) = [g for g in gates(body_of(several, key), found) if "best of" in g.name]
    assert (gate.name, gate.value) == ("Better than the best of 3 by chance", found.auc)
    assert (gate.needed, gate.passed) == (f"AUC above {found.best.high:.3f}", found.above_chance)


def test_the_terminal_lists_them(several, run_afterclose):
    """In the table and as JSON."""
    outcome = run_afterclose("models", data=several)
    assert outcome.code == 0, outcome.err
    assert "3 of 3; by chance up to 0." in outcome.out
    listed = json.loads(run_afterclose("models", "--json", data=several).out)["models"]
    assert {entry["tries"]["count"] for entry in listed} == {3}


def test_candidates_that_are_worse_than_chance_pass_no_gate():
    """Above the bound, below it, or not known."""
    best = SimpleNamespace(typical=0.505, high=0.512, p_value=0.2)
    assert Tries("m", 7, 7, 0.498, best).above_chance is False
    assert Tries("m", 7, 7, 0.52, best).above_chance is True
    near = Tries("m", 7, 7, best.high + 0.00004, best).sentence
    assert (
        f"and {best.high:.5f} in 2.5 of 100 cases. This one has {best.high + 0.00004:.5f}: more than" in near
    )
    unknown = Tries("m", 7, 7, 0.52)
    assert unknown.above_chance is None
    assert unknown.sentence.endswith("what the best of 7 reaches by chance is not known.")
    assert tries_words(unknown.record()) == "7 of 7"
    assert unknown.record()["best_by_chance"] is None


def test_candidates_of_another_profile_do_not_compete(several, tmp_path):
    """Moved to another one, the first is a try no more; without a journal nothing is known."""
    root = tmp_path / "data"
    copy_root(several, root)
    first, _, last = keys_in_order(root)
    journal = Journal(root)
    with journal._transaction():
        journal._execute("UPDATE run SET profile = 'other' WHERE keys LIKE ?", [f"%{first}%"])
    assert (tries(settings_of(root), last).number, tries(settings_of(root), last).count) == (2, 2)
    assert tries(settings_of(root), first).count == 1
    assert len(all_tries(settings_of(root), "files:prices")) == 2
    for path in root.glob("journal.sqlite*"):
        path.unlink()
    assert tries(settings_of(root), last) is None


def test_sessions_are_shared_where_periods_overlap():
    """On a day at least; what is gone may have shared any, what was not judged none."""
    old, new = {"from": "2010-01-01", "to": "2012-12-31"}, {"from": "2012-12-31", "to": "2014-01-01"}
    later = {"from": "2013-01-01", "to": "2014-01-01"}
    assert overlap(old, new)
    assert not overlap(old, later)
    assert overlap(None, later)
    assert not overlap({"from": None, "to": None}, later)


def test_a_model_counts_where_it_first_came():
    """A later run of it changes neither place nor number; the one that is asked for gives the evaluation."""
    first, gone, again = (
        Candidate("a", {"evaluate": k}, body) for k, body in (("1", {"x": 0}), ("0", None), ("3", {"x": 1}))
    )
    b = Candidate("b", {"evaluate": "2"}, None)
    assert [c.keys["evaluate"] for c in distinct([first, b, again])] == ["1", "2"]
    assert [c.keys["evaluate"] for c in distinct([first, b, again], prefer="3")] == ["3", "2"]
    assert [c.keys["evaluate"] for c in distinct([gone, b, again])] == ["3", "2"]


def test_predictions_of_rivals_are_put_on_the_same_rows(several):
    """A rival's AUC on the candidate's rows is scikit-learn's of its own predictions there."""
    from core.measures.weighted import WeightedScore
    from core.registry.candidates import candidates
    from core.registry.tries import _rows, _scores

    rivals = candidates(settings_of(several), keys_in_order(several)[-1])
    store = Store(several)
    rows = _rows(store, rivals[-1])
    (first, _) = _scores(store, rows, rivals[:-1])
    there = ~np.isnan(first)
    auc = [roc_auc_score(rows.up[p][there[p]], first[p][there[p]]) for p in rows.parts]
    sizes = [there[p].sum() for p in rows.parts]
    assert WeightedScore.of(rows, first).point == pytest.approx(np.average(auc, weights=sizes), rel=1e-9)
    assert rows.frame["next_return"].notna().all()
    assert set(all_tries(settings_of(several), "files:prices")) == {c.model_id for c in rivals}
