"""How much of a short history to learn from: ``python benchmarks/history.py [--panels N] [--sessions N ...]``.

Panels with a planted dependence are judged as the pipeline judges, with the first test period after a share of
their sessions. The rate of "better than chance" is the share of panels in which the verdict sees what is there:
a model that learnt from little ranks badly, one that is judged on little cannot be told from chance. What
``min_train_sessions = auto`` takes (:func:`core.models.splits.auto_min_train_sessions`) rests on this table.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from panels import World
from truth import Table, power

SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)
PLANTED = (0.1, 0.2)


def main() -> None:
    """Print the rate of the verdict by history, planted dependence and share learnt from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--sessions", type=int, nargs="+", default=[252, 504, 756])
    chosen = parser.parse_args()
    print(f"{'sessions':>8} {'phi':>4} " + " ".join(f"{share:>6.0%}" for share in SHARES))
    for sessions in chosen.sessions:
        for planted in PLANTED:
            world = World(sessions=sessions, autocorrelation=planted)
            rates = [
                _rate(replace(world, min_train_sessions=int(sessions * share)), chosen.panels)
                for share in SHARES
            ]
            print(f"{sessions:>8} {planted:>4} " + " ".join(f"{rate:>6.2f}" for rate in rates), flush=True)


def _rate(world: World, panels: int) -> float:
    table = Table()
    for seed in range(panels):
        table.add(power(world, seed))
    return table.counts['"better than chance"'].entry()["rate"]


if __name__ == "__main__":
    main()
