"""What the leak audit costs: ``python benchmarks/audit.py sample [--pairs N]`` and ``... large --tickers N``.

``sample``: a whole run on the embedded sample, as the stock ``luigi`` command makes it, with the audit and without, one
after the other in pairs, each in a process and on a data root of its own; for the features of this program alone, with
the four of ``examples/``, and with their label as well. ``large``: the stage of features alone, on a generated
universe of ten years, in parts of 250,000 rows from 200 tickers on. Seconds
are of the processor, child processes included: wall time tells of the machine's load.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
SETS = {
    "built in": ("", "direction"),
    "and examples": (f"{EXAMPLES}/ranges.py,{EXAMPLES}/momentum.py", "direction"),
    "and a label": (f"{EXAMPLES}/ranges.py,{EXAMPLES}/momentum.py,{EXAMPLES}/sectors.py", "sector_neutral"),
}
HORIZON = 5


def seconds(*words: str) -> float:
    """Return the processor seconds of this script with other words, on a data root of its own; children included."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, __file__, *words],
            env={**os.environ, "AFTERCLOSE_DATA": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_pairs(pairs: int, *words: str) -> str:
    """Return the medians with and without the audit, and of the pairs' differences as shares of a run with it."""
    both = [(seconds(*words, "with"), seconds(*words, "without")) for _ in range(pairs)]
    shares = sorted(1 - without / audited for audited, without in both)
    audited, without = (median(column) for column in zip(*both, strict=True))
    return f"{audited:.2f} | {without:.2f} | {median(shares):.1%} | {shares[0]:.1%} to {shares[-1]:.1%} |"


def one_sample(name: str, audit: str) -> None:
    """Make a whole run on the sample in this process, with or without the audit."""
    modules, label = SETS[name]
    from luigi.cmdline import luigi_run

    if audit == "without":
        _audit_nothing()
    asked = ["--plugins", modules] if modules else []
    asked += ["--label", label, "--horizon-sessions", str(HORIZON)] if label != "direction" else []
    luigi_run(["--module", "luigi_tasks", "Report", "--local-scheduler", *asked])


def _audit_nothing() -> None:
    from core.features import engineering

    whole = engineering.engineer
    engineering.engineer = lambda *tables, **words: whole(*tables, **{**words, "audited": False})


def one_large(name: str, tickers: int, audit: str) -> None:
    """Make the features of a generated universe, with or without the audit."""
    from core.platform.determinism import single_threaded

    single_threaded()
    from universe import TICKERS_AT_ONCE, prices, sessions

    from core.features.engineering import engineer
    from core.features.plugin_features import feature_set_of, outcome_of
    from core.label import NEXT_SESSION, Label
    from core.plugins.loading import Plugins
    from core.plugins.modules import modules_named
    from core.tables.workplace import Workplace
    from core.tables.writer import Scratch, TableWriter

    plugins = Plugins(modules_named(SETS[name][0], HERE))
    outcome, label = None, NEXT_SESSION
    if SETS[name][1] != label.label:
        outcome, label = outcome_of(plugins, Label(HORIZON, SETS[name][1]))
    with tempfile.TemporaryDirectory() as folder, Scratch(Path(folder)) as scratch:
        with TableWriter(scratch, "prices_clean") as writer:
            for first in range(0, tickers, TICKERS_AT_ONCE):
                writer.add(prices(first, min(TICKERS_AT_ONCE, tickers - first), sessions()))
            table = writer.stored({})
        features, workplace = feature_set_of(plugins), Workplace(scratch)
        engineer(
            table, label, feature_set=features, outcome=outcome, workplace=workplace, audited=audit == "with"
        )


def main() -> None:
    """Measure what is asked for and print a table of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("sample", "large", "one-sample", "one-large"))
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tickers", type=int, default=100)
    arguments = parser.parse_args()
    if arguments.what == "one-sample":
        return one_sample(*arguments.rest)
    if arguments.what == "one-large":
        return one_large(arguments.rest[0], int(arguments.rest[1]), arguments.rest[2])
    print("| features | with, s | without, s | share of the run | lowest to highest |\n|---|---|---|---|---|")
    for name in SETS:
        words = (
            ("one-sample", name)
            if arguments.what == "sample"
            else ("one-large", name, str(arguments.tickers))
        )
        print(f"| {name} | {in_pairs(arguments.pairs, *words)}", flush=True)
    return None


if __name__ == "__main__":
    main()
