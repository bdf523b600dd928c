"""The study of panels with a known truth, small: its panels, its truths, its counting, and what it shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.measures import bootstrap, expanded

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WELL_ABOVE = 0.85
"""Of 40 or more intervals that cover .95, as many hold the truth with a probability of .996 and above."""


@pytest.fixture
def bench(monkeypatch):
    """Makes a module of the study importable; they stand beside the other benchmarks and not in a package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import notebook
    import panels
    import studies
    import truth
    import truth_counts
    import truths

    modules = (notebook, panels, studies, truth, truth_counts, truths)
    return {module.__name__: module for module in modules}


def test_a_panel_is_its_seeds_and_has_the_truth_it_says(bench):
    """Same seed, same prices; half of the sessions rise; shocks correlate and depend as the world says."""
    panels = bench["panels"]
    world = panels.World(tickers=6, sessions=4000, correlation=0.6)
    returns = panels.simulated(world, 3).returns
    np.testing.assert_array_equal(returns, panels.simulated(world, 3).returns)
    assert (returns != panels.simulated(world, 4).returns).all()
    assert (returns > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert returns.std() == pytest.approx(panels.DAILY_DEVIATION, rel=0.25)
    correlation = np.corrcoef(np.sign(returns).T)[np.triu_indices(6, 1)].mean()
    assert 0.3 < correlation < 0.6
    assert abs((np.sign(returns)[1:] * np.sign(returns)[:-1]).mean()) < 0.05


def test_a_planted_dependence_has_the_probability_it_says(bench):
    """Of the sessions that rise with about a given probability, about that share rises; without it all have .5."""
    panels = bench["panels"]
    panel = panels.simulated(panels.World(tickers=10, sessions=6000, autocorrelation=0.3), 3)
    chance, rises = panel.up_chance[:-1].ravel(), panel.returns[1:].ravel() > 0
    for low in (0.2, 0.35, 0.5, 0.65):
        inside = (chance >= low) & (chance < low + 0.15)
        assert rises[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.02), low
    assert (panels.simulated(panels.World(sessions=50), 3).up_chance == 0.5).all()


def test_a_panel_is_judged_by_the_stages(bench):
    """Out of sample only, the session after the training excluded, both models, returns that follow."""
    studies, panels, truths = bench["studies"], bench["panels"], bench["truths"]
    panel = panels.simulated(panels.World(tickers=3, sessions=790), 1)
    features = truths.features_of(panel)
    predictions, model = truths.stage("train_or_score", {"features": features})
    judged = truths.judgement(panel, features, predictions, model)
    assert (judged.body["sessions"], judged.body["rows"], len(judged.rows)) == (77, 231, 231)
    assert set(judged.body["beside"]) == {studies.BESIDE}
    assert ((judged.rows.frame["next_return"] > 0) == (judged.rows.up > 0)).all()
    assert set(judged.up_chance) == {0.5}
    assert ((judged.references > 0.4) & (judged.references < 0.6)).all()


def test_the_truth_of_a_figure_is_its_mean_over_outcomes(bench):
    """Outcomes drawn again and again by their chances: the means of scikit-learn's figures are the truths."""
    truths, random = bench["truths"], np.random.default_rng(4)
    panels = bench["panels"]
    panel = panels.simulated(panels.World(tickers=8, sessions=1000, autocorrelation=0.3), 2)
    features = truths.features_of(panel)
    predictions, model = truths.stage("train_or_score", {"features": features}, beside=None)
    judged = truths.judgement(panel, features, predictions, model, bootstrap_samples=100)
    p, chance = judged.rows.probability, judged.up_chance
    means = np.zeros(4)
    for _ in range(200):
        up = (random.random(len(p)) < chance).astype(float)
        folds = [roc_auc_score(up[part], p[part]) for part in judged.rows.parts]
        auc = np.average(folds, weights=[part.stop - part.start for part in judged.rows.parts])
        calls = p >= 0.5
        means += np.array([auc, brier_score_loss(up, p), (calls == up).mean(), up[calls].mean()]) / 200
    true = truths.truths(judged, p, 5.0)
    assert means == pytest.approx([true[n] for n in ("auc", "brier", "hit_rate", "precision")], abs=0.002)
    assert true["auc"] > 0.55
    assert "long_flat_sharpe" not in true


def test_a_model_that_cannot_know_loses_its_costs(bench):
    """Without anything to predict every call is worth nothing, and its costs are lost."""
    truths, panels = bench["truths"], bench["panels"]
    panel = panels.simulated(panels.World(tickers=3, sessions=790), 1)
    features = truths.features_of(panel)
    predictions, model = truths.stage("train_or_score", {"features": features}, beside=None)
    judged = truths.judgement(panel, features, predictions, model)
    true = truths.truths(judged, judged.rows.probability, 5.0)
    assert (true["auc"], true["hit_rate"], true["precision"]) == (0.5, 0.5, 0.5)
    assert true["recall"] == pytest.approx((judged.rows.probability >= 0.5).mean())
    risk = judged.body["risk"]
    assert true["long_flat_sharpe"] == pytest.approx(-risk["turnover"] * 5e-4 / risk["volatility"], rel=1e-9)
    assert true["long_flat_return"] == pytest.approx(
        np.expm1(-risk["turnover"] * 5e-4 - risk["volatility"] ** 2 / 2), abs=1e-3
    )


def test_counts_have_exact_binomial_intervals(bench):
    """Sides and shares are those of the answers, intervals scipy's exact ones, at the ends too."""
    tables = bench["truth_counts"]
    lines = [
        {
            "seed": n,
            "intervals": {"auc": [0.5, 0.4 + n / 100, 0.5 + n / 100, 0.5]},
            "events": {"always": True, "never": False, "sometimes": n % 4 == 0},
        }
        for n in range(40)
    ]
    counted = tables.counts(lines)
    assert (counted["panels"], counted["seeds"]) == (40, "0-39")
    auc = counted["intervals"]["auc"]
    assert (auc["holds"], auc["below"], auc["above"]) == (11, 0, 29)
    assert auc["width"] == pytest.approx(0.1)
    for question, yes in (("always", 40), ("never", 0), ("sometimes", 10)):
        event = counted["events"][question]
        assert (event["panels"], event["yes"]) == (40, yes)
        exact = binomtest(yes, 40).proportion_ci(0.95, "exact")
        assert tables.exact(yes, 40) == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_the_notebooks_intervals_are_those_of_independent_rows(bench):
    """Around scikit-learn's AUC, with the deviation of independent rows: 95 % of them hold the truth."""
    notebook, random = bench["notebook"], np.random.default_rng(5)
    holds = np.zeros(3)
    for seed in range(120):
        p, other, up = random.random(200), random.random(200), random.integers(0, 2, 200).astype(float)
        low, high = notebook.auc_interval(p, up)
        assert (low + high) / 2 == pytest.approx(roc_auc_score(up, p), rel=1e-9)
        apart, hits = notebook.difference_interval(p, other, up), notebook.intervals(p, up, seed)["hit_rate"]
        holds += [low <= 0.5 <= high, apart[0] <= 0 <= apart[1], hits[0] <= 0.5 <= hits[1]]
    assert (holds / 120 > 0.9).all()
    assert (holds < 120).all()


def coverage(bench, name, panels, **world):
    """The share of each interval of a study's first panels that holds its truth; ``world`` makes them smaller."""
    study = bench["studies"].STUDIES[name]
    own = replace(study.world, **world)
    counted = bench["truth_counts"].counts(
        [{"seed": seed, **study.ask(own, seed).line()} for seed in range(panels)]
    )
    return {name: entry["holds"] / entry["panels"] for name, entry in counted["intervals"].items()}, counted


def test_intervals_cover_on_the_smallest_panels(bench):
    """60 sessions of two tickers: of 40 panels at least 17 in 20 intervals of each kind hold the truth."""
    rates, counted = coverage(bench, "two-120", 40)
    ours = {name: rate for name, rate in rates.items() if not name.startswith("notebook")}
    assert len(ours) == 24
    assert {name: rate for name, rate in ours.items() if rate < WELL_ABOVE} == {}
    shares = {name: entry["yes"] / entry["panels"] for name, entry in counted["events"].items()}
    assert shares['verdict "better than chance"'] < 0.1
    assert shares["leak alarm"] == 0


def test_intervals_cover_where_labels_overlap(bench):
    """Neighbouring rows share most of their outcome: blocks of dates allow for it, single rows do not."""
    rates, _ = coverage(bench, "overlap", 60)
    assert min(rates["auc"], rates["hit_rate"]) >= WELL_ABOVE
    assert max(rates["notebook: auc"], rates["notebook: hit_rate"]) < WELL_ABOVE


def test_what_calls_earn_at_the_next_open_covers(bench):
    """Days and nights that know nothing: both fills lose their costs, and 40 panels hold that; opens are no closes."""
    rates, counted = coverage(bench, "fills", 40, tickers=2, sessions=600)
    assert len(rates) == 5
    assert min(rates.values()) >= WELL_ABOVE
    means = {name: entry["truth"] for name, entry in counted["intervals"].items()}
    assert -0.2 < means["long_flat_return filled at the next open"] < 0
    panels = bench["panels"]
    panel, prices = panels.simulated(panels.World(sessions=3000), 1).prices_with_opens(1)
    frame = prices.frame
    night = (frame["open"] / frame.groupby("ticker")["close"].shift() - 1).dropna()
    assert night.std() == pytest.approx(panels.NIGHT * panels.DAILY_DEVIATION, rel=0.1)
    assert abs(night.mean()) < 3 * night.std() / 3000**0.5
    assert panel.returns.std() > panels.simulated(panels.World(sessions=3000), 1).returns.std()


def test_true_probabilities_are_seldom_called_uncalibrated(bench):
    """Of 40 panels few; probabilities that exaggerate three times nearly always are."""
    _, counted = coverage(bench, "calibration", 40, tickers=4)
    true, _, wrong = (entry["yes"] for entry in counted["events"].values())
    assert true <= 6
    assert wrong >= 36


def test_the_study_shows_intervals_that_are_badly_wrong(bench, monkeypatch):
    """The gate itself: with single dates drawn instead of blocks, the same panels are not covered."""
    for module in (bootstrap, expanded):
        monkeypatch.setattr(module, "block_length", lambda dates, *_: 1)
    rates, _ = coverage(bench, "overlap", 60)
    assert max(rates["auc"], rates["hit_rate"]) < WELL_ABOVE


def test_a_planted_dependence_is_called_better(bench):
    """At an autocorrelation of .1 the verdict is better in nearly every panel; the truth is held as well."""
    study = bench["studies"].STUDIES["power-.1"]
    answers = [study.ask(study.world, seed) for seed in range(4)]
    assert sum(answer.events['verdict "better than chance"'] for answer in answers) >= 3
    assert not any(answer.events["leak alarm"] for answer in answers)
    assert all(answer.events["input: the return is worth more than 0"] for answer in answers)
    auc = np.array([answer.intervals["logistic regression: auc"] for answer in answers])
    assert ((auc[:, 1] <= auc[:, 3]) & (auc[:, 3] <= auc[:, 2])).sum() >= 3


def test_a_training_run_is_compared_with_a_champion(bench):
    """Intervals of differences from the champion, from both rules, holding and boosting have truths of their own."""
    studies, panels = bench["studies"], bench["panels"]
    answers = studies.candidate(panels.World(tickers=3), 3)
    differences = {name for name in answers.intervals if " less that of " in name}
    assert {
        "auc less that of the champion",
        "auc less that of boosting",
        "brier less that of majority",
    } <= differences
    assert answers.intervals["auc less that of the champion"][3] == 0
    assert answers.intervals["brier less that of the champion"][3] != 0


def test_ten_candidates_parts_and_a_year_of_looks_are_asked(bench):
    """Each study answers its questions of a panel; the best of ten needs more than one of ten does."""
    studies, panels = bench["studies"], bench["panels"]
    causes = studies.causes(panels.World(tickers=3, sessions=1100), 1).intervals
    before, now = (
        causes[f"AUC, {folds} (widened)"] for folds in ("a plain mean of folds", "folds by their rows")
    )
    assert before[2] - before[1] > now[2] - now[1]
    assert len(causes) == 20
    parts = studies.slices(panels.World(tickers=3, sessions=1100), 1).intervals
    assert len(parts) == 25
    assert all(low < value < high for value, low, high, _ in parts.values())
    assert parts["brier of a ticker"][3] > 0.25
    alone, best = studies.tries(panels.World(tickers=3, sessions=900), 1).events.values()
    assert alone or not best
    events = studies.in_use(panels.World(tickers=3, sessions=1000), 1).events
    assert (
        events['fixed interval: "better" or "worse" at some look']
        >= events['fixed interval: "better" at some look']
    )
    assert 'e-value: "better" on some day' in events


def test_a_run_goes_on_where_it_was_stopped(bench, tmp_path, monkeypatch):
    """Seeds that stand there are passed over, lines of other stages judged anew; the same panels, the same page."""
    truth = bench["truth"]
    monkeypatch.setattr(truth, "STUDIES", {"overlap": bench["studies"].STUDIES["overlap"]})
    truth.main(["run", str(tmp_path / "whole"), "--panels", "3", "--seed", "7"])
    truth.main(["run", str(tmp_path / "parts"), "overlap", "--panels", "2", "--seed", "8"])
    file = tmp_path / "parts" / "overlap.jsonl"
    with file.open("a") as stream:
        stream.write(
            json.dumps({"seed": 7, "versions": {"evaluate": 0}, "intervals": {}, "events": {}}) + "\n"
        )
    truth.main(["run", str(tmp_path / "parts"), "overlap", "--panels", "3", "--seed", "7"])
    assert len(file.read_text().splitlines()) == 4
    assert truth.counted(tmp_path / "parts") == truth.counted(tmp_path / "whole")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "truth.md").write_text("before\n<!-- overlap -->\n<!-- end overlap -->\nafter\n")
    truth.main(["page", str(tmp_path / "whole"), "--docs", str(docs)])
    page = (docs / "truth.md").read_text()
    assert "| 3 panels | covers | lies below the truth | lies above the truth | a notebook's covers |" in page
    truth.main(["page", "--docs", str(docs)])
    assert (docs / "truth.md").read_text() == page


def test_panels_of_an_earlier_version_count_and_differences_are_counted(bench, tmp_path):
    """The present version's line of a seed wins; what differs by more than rounding, or is missing, is said."""
    truth = bench["truth"]
    panel = {"intervals": {"auc": [0.5, 0.4, 0.6, 0.5]}, "events": {"yes": True}}
    other = {"intervals": {"auc": [0.5, 0.4, 0.6 + 1e-9, 0.5]}, "events": {"yes": True}}
    close = {"intervals": {"auc": [0.5, 0.4, 0.6 + 1e-14, 0.5]}, "events": {"yes": True, "new": False}}
    lines = [{"seed": n, "versions": truth.EARLIER[0], **panel} for n in range(4)]
    lines += [{"seed": n, "versions": truth.VERSIONS, **own} for n, own in ((1, other), (2, close))]
    lines.append({"seed": 9, "versions": {"evaluate": 0}, **panel})
    lines.append(
        {"seed": 5, "versions": truth.EARLIER[1], "events": {}, "intervals": {"recall": [0.5, 0.4, 0.6, 0.5]}}
    )
    (tmp_path / "overlap.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    study = truth.counted(tmp_path)["studies"]["overlap"]
    assert "recall" not in study["intervals"]  # made otherwise since
    assert study["again"] == {"panels": 2, "compared": 4, "differing": 1}
    assert (study["panels"], study["seeds"]) == (5, "0-3, 5")
    assert study["events"]["new"] == {"panels": 1, "yes": 0}


def test_an_unknown_study_is_a_clear_error(bench, tmp_path, capsys):
    """With what there is."""
    with pytest.raises(SystemExit):
        bench["truth"].main(["run", str(tmp_path), "nothing"])
    assert "no study nothing: expected any of noise" in capsys.readouterr().err
