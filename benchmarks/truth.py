"""How often intervals hold the truth and verdicts are wrong: ``python benchmarks/truth.py [STUDY ...] [--panels N]``.

Panels are made whose truth is known (:mod:`panels`), judged as the pipeline judges, and counted. Every rate has its
number of panels and the exact 95 % binomial interval. Seeds are ``--seed`` and those after it: the same command
gives the same table. Beside it stands what a plain notebook would have claimed on the same panels (one AUC over all
rows, its interval after DeLong). ``--out FILE`` writes the table as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.platform.determinism import single_threaded

single_threaded()

import numpy as np  # noqa: E402 - threads are set before anything numeric can be imported
from panels import BESIDE, MAIN, UP_RATE, World, candidates_judged, judged  # noqa: E402 - see above

from core import columns as col  # noqa: E402 - see above
from core.evaluation.economics import Earnings  # noqa: E402 - see above
from core.measures.bootstrap import Estimate, Resampling, estimate  # noqa: E402 - see above
from core.measures.expanded import blocks_of, expanded_interval, stretch  # noqa: E402 - see above
from core.measures.information import coefficients  # noqa: E402 - see above
from core.measures.performance import PooledScore  # noqa: E402 - see above
from core.measures.ranking import RankedScore  # noqa: E402 - see above
from core.measures.rows import JudgedRows, judge, numbers  # noqa: E402 - see above
from core.measures.selection import best_by_chance  # noqa: E402 - see above
from core.measures.sequential import daily_differences, e_process  # noqa: E402 - see above
from core.measures.skill import BrierSkill  # noqa: E402 - see above
from core.measures.trading import trading  # noqa: E402 - see above
from core.measures.weighted import WeightedDifference, WeightedScore  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from core.measures.bootstrap import Quantity

CONFIDENCE, SAMPLES, BLOCK_SESSIONS = 0.95, 1_000, 10
LEAK_AUC, LEAK_ROWS = 0.60, 252
CANDIDATES, FEATURES_EACH = 10, 4
FIRST_LOOK, LOOK_EVERY = 60, 13
"""A champion is first judged after 60 sessions, then every 13: about 16 looks in a year."""

Answers = dict[str, bool]
Truths = dict[str, tuple[Estimate, float]]


@dataclass(frozen=True)
class Study:
    """Panels of one world and what is asked of each."""

    world: World
    ask: Callable[[World, int], Answers]


@dataclass
class Count:
    """How often a question was answered yes."""

    panels: int = 0
    yes: int = 0

    def add(self, answer: bool) -> None:  # noqa: FBT001 - it is what is counted
        """Count one panel."""
        self.panels += 1
        self.yes += answer

    def entry(self) -> dict[str, float]:
        """Return the rate with its exact binomial interval (Clopper and Pearson 1934)."""
        from scipy.stats import beta

        n, k = self.panels, self.yes
        low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
        high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
        return {"panels": n, "yes": k, "rate": k / n, "low": low, "high": high}


@dataclass
class Table:
    """Counts by question, in the order in which the questions came."""

    counts: dict[str, Count] = field(default_factory=dict)

    def add(self, answers: Answers) -> None:
        """Count the answers of one panel."""
        for question, answer in answers.items():
            self.counts.setdefault(question, Count()).add(bool(answer))


def resampling(seed: int) -> Resampling:
    """Return the resampling of a panel; each has a seed of its own."""
    return Resampling(SAMPLES, BLOCK_SESSIONS, CONFIDENCE, seed)


def coverage(world: World, seed: int) -> Answers:
    """Return which intervals of a panel without skill hold the truth, and what the verdicts say."""
    kinds = (MAIN, BESIDE)
    rows = judged(world, seed, kinds)
    if rows is None:
        return {}
    how, names = resampling(seed), {MAIN: col.PROBABILITY, BESIDE: col.probability_of(BESIDE)}
    scores = {kind: numbers(rows.frame, name) for kind, name in names.items()}
    answers: Answers = {}
    for kind, p in scores.items():
        truths = _estimates(rows, p, how)
        intervals = {name: _interval(value, rows, how) for name, (value, _) in truths.items()}
        for name, (_, truth) in truths.items():
            answers[f"{kind}: interval of {name} holds the truth"] = _holds(intervals[name], truth)
        auc, (low, high) = truths["AUC"][0].value, intervals["AUC"]
        answers[f'{kind}: "better than chance"'] = low > 0.5
        answers[f'{kind}: "worse than chance"'] = high < 0.5
        leaks = auc > LEAK_AUC and low > LEAK_AUC - 0.05 and len(rows) >= LEAK_ROWS
        answers[f"{kind}: leak alarm"] = leaks
    answers |= {
        f"interval of the AUC less that of {name} holds 0": _holds(_interval(difference, rows, how), 0.0)
        for name, difference in _differences(rows, scores, how).items()
    }
    return answers | _in_a_notebook(rows, scores[MAIN]) | _by_plain_means(rows, scores[MAIN], how)


def _estimates(rows: JudgedRows, p: NDArray[np.float64], how: Resampling) -> Truths:
    """Return each figure with its resamples and its truth, given the probabilities and P(up) = 1/2."""
    gains = trading(rows, numbers(rows.frame, "next_return"), (p >= 0.5).astype(float))
    rate = numbers(rows.frame, UP_RATE)
    quantities: dict[str, Quantity] = {
        "rank": WeightedScore.of(rows, p),
        "pooled": PooledScore.of(rows, p),
        "skill": BrierSkill.of(rows, p, rate),
        "money": Earnings(gains.net(0.0)),
    }
    by_quantity = estimate(quantities, rows, how)
    pooled = by_quantity["pooled"]
    apart, reference = float(((p - 0.5) ** 2).mean()), float(((rate - 0.5) ** 2).mean())
    truths = {
        "AUC": (by_quantity["rank"]["auc"], 0.5),
        "precision": (pooled["precision"], 0.5),
        "hit rate": (pooled["hit_rate"], 0.5),
        "Brier score": (pooled["brier"], 0.25 + apart),
        "log loss": (pooled["log_loss"], float(-0.5 * (np.log(p) + np.log1p(-p)).mean())),
        "Brier skill": (by_quantity["skill"]["brier_skill"], 1 - (0.25 + apart) / (0.25 + reference)),
        "Sharpe ratio": (by_quantity["money"]["long_flat_sharpe"], 0.0),
    }
    return {name: pair for name, pair in truths.items() if not np.isnan(pair[0].value)}


def _differences(
    rows: JudgedRows, scores: Mapping[str, NDArray[np.float64]], how: Resampling
) -> dict[str, Estimate]:
    sign = (numbers(rows.frame, col.RETURN) > 0).astype(float)
    others = {"previous day's sign": sign, "reversal": 1 - sign, "boosting": scores[BESIDE]}
    quantities: dict[str, Quantity] = {
        name: WeightedDifference.of(rows, scores[MAIN], other) for name, other in others.items()
    }
    return {name: values["auc_difference"] for name, values in estimate(quantities, rows, how).items()}


def _interval(value: Estimate, rows: JudgedRows, how: Resampling) -> tuple[float, float]:
    return expanded_interval(value, how.confidence, blocks_of(rows, how)) or (-np.inf, np.inf)


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def _by_plain_means(rows: JudgedRows, p: NDArray[np.float64], how: Resampling) -> Answers:
    """Return the same of a mean in which a fold of 20 sessions counts like a year, percentiles as they come."""
    auc = estimate({"auc": RankedScore.of(rows, p)}, rows, how)["auc"]["auc"]
    interval = auc.interval(how.confidence) or (-np.inf, np.inf)
    return {"plain mean of folds, percentile interval: holds the truth": _holds(interval, 0.5)}


def _in_a_notebook(rows: JudgedRows, p: NDArray[np.float64]) -> Answers:
    """Return what one AUC over all rows would have claimed, its interval after DeLong et al. (1988)."""
    low, high = delong(p, rows.up)
    return {"notebook: interval holds the truth": low <= 0.5 <= high, 'notebook: "better"': low > 0.5}


def delong(p: NDArray[np.float64], up: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of one AUC over all rows, taken as independent."""
    ups, downs = np.sort(p[up > 0]), np.sort(p[up == 0])
    above = (np.searchsorted(downs, ups, "left") + np.searchsorted(downs, ups, "right")) / 2 / len(downs)
    below = 1 - (np.searchsorted(ups, downs, "left") + np.searchsorted(ups, downs, "right")) / 2 / len(ups)
    error = (above.var(ddof=1) / len(ups) + below.var(ddof=1) / len(downs)) ** 0.5
    auc = float(above.mean())
    return auc - 1.959964 * error, auc + 1.959964 * error


def power(world: World, seed: int) -> Answers:
    """Return whether a planted dependence is called better, and whether it is taken for a leak."""
    rows = judged(world, seed)
    if rows is None:
        return {}
    how = resampling(seed)
    auc = estimate({"auc": WeightedScore.of(rows, rows.probability)}, rows, how)["auc"]["auc"]
    low, _ = _interval(auc, rows, how)
    leak = auc.value > LEAK_AUC and low > LEAK_AUC - 0.05 and len(rows) >= LEAK_ROWS
    return {
        '"better than chance"': low > 0.5,
        "leak alarm": leak,
        "evidence valid at every look": _ever(rows),
    }


def _ever(rows: JudgedRows) -> bool:
    """Return whether the e-value of all judged sessions reaches its threshold at some look."""
    gains = daily_differences(rows, float(numbers(rows.frame, UP_RATE)[0]))
    evidence = e_process(gains, confidence=CONFIDENCE)
    return bool((evidence.line >= evidence.threshold).any())


def looks(world: World, seed: int) -> Answers:
    """Return what is said at some look of a champion's first year, daily evidence beside fixed intervals."""
    rows = judged(world, seed)
    if rows is None:
        return {}
    how, better, worse = resampling(seed), False, False
    for sessions in range(FIRST_LOOK, len(rows.group_fold) + 1, LOOK_EVERY):
        part = judge(rows.frame[rows.group < sessions])
        auc = estimate({"auc": WeightedScore.of(part, part.probability)}, part, how)["auc"]["auc"]
        low, high = _interval(auc, part, how)
        better, worse = better or low > 0.5, worse or high < 0.5
    return {
        'fixed interval: "better" at some look': better,
        'fixed interval: "better" or "worse" at some look': better or worse,
        'e-value: "better" on some day': _ever(rows),
    }


def tries(world: World, seed: int) -> Answers:
    """Return what the best of ten candidates on noise is called, alone and as the best of ten."""
    random = np.random.default_rng((seed, 1))
    subsets = [
        tuple(sorted(random.choice(9, FEATURES_EACH, replace=False).tolist())) for _ in range(CANDIDATES)
    ]
    names = [f"candidate{number}" for number in range(CANDIDATES)]
    rows = candidates_judged(
        world, seed, {name: (MAIN, inputs) for name, inputs in zip(names, subsets, strict=True)}
    )
    if rows is None:
        return {}
    how = resampling(seed)
    columns = [col.PROBABILITY, *(col.probability_of(name) for name in names[1:])]
    quantities: dict[str, Quantity] = {
        name: WeightedScore.of(rows, numbers(rows.frame, name)) for name in columns
    }
    estimates = [values["auc"] for values in estimate(quantities, rows, how).values()]
    wider = stretch(1 - (1 - CONFIDENCE) / CANDIDATES, blocks_of(rows, how))
    best = best_by_chance(estimates, chance=0.5, confidence=CONFIDENCE, stretch=wider)
    one_side = (1 - CONFIDENCE) / 2
    return {
        'one of ten candidates "better" by its own interval': any(
            _interval(auc, rows, how)[0] > 0.5 for auc in estimates
        ),
        'the best of ten "better" as the best of ten': best is not None and best.p_value <= one_side,
    }


def information(world: World, seed: int) -> Answers:
    """Return whether the mean IC lies beyond two standard errors on noise."""
    rows = judged(world, seed)
    if rows is None:
        return {}
    after = numbers(rows.frame, "next_return")
    mean = coefficients(rows.probability, after, rows.group, len(rows.group_fold))
    return {
        "|t| of the IC above 1.96": abs(mean.ic.t) > 1.96,
        "|t| of the rank IC above 1.96": abs(mean.rank.t) > 1.96,
    }


STUDIES: Mapping[str, Study] = {
    "coverage": Study(World(), coverage),
    "correlated": Study(World(correlation=0.9), coverage),
    "small-94x1": Study(World(tickers=1, sessions=807), coverage),
    "small-60x2": Study(World(tickers=2, sessions=773), coverage),
    "year": Study(World(sessions=964), coverage),
    "power-.05": Study(World(autocorrelation=0.05), power),
    "power-.1": Study(World(autocorrelation=0.1), power),
    "power-.2": Study(World(autocorrelation=0.2), power),
    "looks": Study(World(sessions=964), looks),
    "tries": Study(World(), tries),
    "information": Study(World(), information),
}
"""``small`` panels lie just above the floors of a verdict: 94 rows of one ticker, 120 rows of two."""


def run(name: str, panels: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one entry per question of a study: rate, number of panels and binomial interval."""
    study, table = STUDIES[name], Table()
    for number in range(seed, seed + panels):
        table.add(study.ask(study.world, number))
    for question, count in table.counts.items():
        yield {"study": name, "question": question, **count.entry()}


def main(arguments: list[str] | None = None) -> None:
    """Print the table, study by study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", default=list(STUDIES), metavar="STUDY", help=", ".join(STUDIES))
    parser.add_argument("--panels", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.studies if name not in STUDIES]
    if unknown:
        parser.error(f"no study {', '.join(unknown)}: expected any of {', '.join(STUDIES)}")
    entries = []
    for name in chosen.studies:
        started = time.monotonic()
        print(f"{name} ({chosen.panels} panels from seed {chosen.seed})")
        for entry in run(name, chosen.panels, chosen.seed):
            entries.append(entry)
            print(f"  {entry['question']:<75} {entry['rate']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]")
        print(f"  {time.monotonic() - started:.0f} s", file=sys.stderr)
    if chosen.out:
        chosen.out.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
