"""The study of panels with a known truth, small: its panels, its counting and what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from core import columns as col

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def truth(monkeypatch):
    """The study's module, which stands beside the other benchmarks and not in a package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import truth

    return truth


@pytest.fixture
def panels(monkeypatch):
    """The module of the panels."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import panels

    return panels


def test_a_panel_is_its_seeds_and_has_the_truth_it_says(panels):
    """Same seed, same prices; half of the sessions rise; shocks correlate and depend as the world says."""
    world = panels.World(tickers=6, sessions=4000, correlation=0.6)
    returns = panels.returns(world, 3)
    np.testing.assert_array_equal(returns, panels.returns(world, 3))
    assert (returns != panels.returns(world, 4)).all()
    assert (returns > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert returns.std() == pytest.approx(panels.DAILY_DEVIATION, rel=0.25)
    correlation = np.corrcoef(np.sign(returns).T)[np.triu_indices(6, 1)].mean()
    assert 0.3 < correlation < 0.6
    dependent = panels.returns(panels.World(tickers=6, sessions=4000, autocorrelation=0.2), 3)
    sign = np.sign(dependent)
    assert (sign[1:] * sign[:-1]).mean() > 0.07
    assert abs((np.sign(returns)[1:] * np.sign(returns)[:-1]).mean()) < 0.05


def test_a_panel_is_judged_as_the_pipeline_judges(panels):
    """Out of sample only, the session after the training excluded, both models, and returns that follow."""
    world = panels.World(tickers=3, sessions=790)
    rows = panels.judged(world, 1, (panels.MAIN, panels.BESIDE))
    assert (len(rows.group_fold), len(rows)) == (77, 231)
    assert rows.frame[col.probability_of(panels.BESIDE)].between(0, 1).all()
    assert ((rows.frame["next_return"] > 0) == (rows.up > 0)).all()
    assert 0.4 < rows.frame[panels.UP_RATE].iloc[0] < 0.6
    assert panels.judged(panels.World(tickers=3, sessions=700), 1) is None


def test_rates_have_exact_binomial_intervals(truth):
    """Counts are those of the answers, intervals scipy's exact ones, at the ends too."""
    table = truth.Table()
    for number in range(40):
        table.add({"always": True, "never": False, "sometimes": number % 4 == 0})
    for question, yes in (("always", 40), ("never", 0), ("sometimes", 10)):
        entry = table.counts[question].entry()
        exact = binomtest(yes, 40).proportion_ci(0.95, "exact")
        assert (entry["panels"], entry["yes"], entry["rate"]) == (40, yes, yes / 40)
        assert (entry["low"], entry["high"]) == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_the_notebooks_interval_is_delongs(truth):
    """Around scikit-learn's AUC, with the deviation of independent rows: 95 % of them hold the truth."""
    random = np.random.default_rng(5)
    holds = 0
    for _ in range(300):
        p, up = random.random(200), random.integers(0, 2, 200).astype(float)
        low, high = truth.delong(p, up)
        assert (low + high) / 2 == pytest.approx(roc_auc_score(up, p), rel=1e-9)
        holds += low <= 0.5 <= high
    assert 0.91 < holds / 300 < 0.98


def test_intervals_cover_on_the_smallest_panels(truth):
    """60 sessions of two tickers: of 60 panels at least 17 in 20 intervals of each kind hold the truth."""
    entries = list(truth.run("small-60x2", 60, 100))
    coverage = {
        e["question"]: e["rate"] for e in entries if "holds" in e["question"] and "plain" not in e["question"]
    }
    assert len(coverage) == 18
    assert {name: rate for name, rate in coverage.items() if rate < 0.85 and "notebook" not in name} == {}
    verdicts = {
        e["question"]: e["rate"] for e in entries if "chance" in e["question"] or "leak" in e["question"]
    }
    assert max(verdicts.values()) < 0.1
    assert verdicts["logistic_regression: leak alarm"] == 0


def test_a_planted_dependence_is_found(truth):
    """At an autocorrelation of .1 the verdict is better in nearly every panel, on noise it is not."""
    study = truth.STUDIES["power-.1"]
    answers = [study.ask(study.world, seed) for seed in range(6)]
    assert sum(answer['"better than chance"'] for answer in answers) >= 4
    noise = [truth.power(truth.World(), seed) for seed in range(6)]
    assert sum(answer['"better than chance"'] for answer in noise) <= 1


def test_ten_candidates_and_a_year_of_looks_are_asked(truth):
    """Each study answers its questions of a panel; the best of ten needs more than one of ten does."""
    study = truth.STUDIES["tries"]
    for seed in range(3):
        alone, best = study.ask(study.world, seed).values()
        assert alone or not best
    assert len(truth.looks(truth.World(sessions=850), 1)) == 3


def test_the_command_prints_and_writes_the_table(truth, tmp_path, capsys):
    """The same command gives the same table; an unknown study is a clear error."""
    tables = []
    for number in range(2):
        out = tmp_path / f"{number}.json"
        truth.main(["information", "--panels", "2", "--seed", "7", "--out", str(out)])
        tables.append(json.loads(out.read_text(encoding="utf-8")))
    assert tables[0] == tables[1]
    assert tables[0][0]["panels"] == 2
    assert "|t| of the IC above 1.96" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        truth.main(["nothing"])
    assert "no study nothing: expected any of coverage" in capsys.readouterr().err
