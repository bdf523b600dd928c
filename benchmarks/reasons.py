"""How often each reason to retrain speaks without a reason: ``python benchmarks/reasons.py [--panels N]``.

Panels without skill and without any change (:mod:`panels`): a model of the first sessions is in use, the last year is
scored and evaluated as the pipeline does it, by the product's own stages. Counted is how often each reason speaks for
retraining, and how often any does beside the model's age. A training of the same panel gives the reasons of a
candidate that are about drift.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.platform.determinism import single_threaded

single_threaded()

from panels import World, prices  # noqa: E402 - threads are set before anything numeric can be imported
from truth import Table as Counts  # noqa: E402 - see above

from core.evaluation.evaluate import evaluate  # noqa: E402 - see above
from core.evaluation.settings import EvaluateSettings  # noqa: E402 - see above
from core.features.engineering import engineer  # noqa: E402 - see above
from core.models.scoring import score  # noqa: E402 - see above
from core.models.settings import ScoreSettings, TrainSettings  # noqa: E402 - see above
from core.models.training import train  # noqa: E402 - see above
from core.parameters import settings_from  # noqa: E402 - see above
from core.request.stages import stage_named  # noqa: E402 - see above
from core.tables.artifacts import Document, Table  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.tables.artifacts import Artifact

SCORED_SESSIONS = 252
AGE = "model age"
_TRAIN = TrainSettings("logistic_regression", (), 0, 712, 252, "XNYS")


def spoken(world: World, seed: int) -> dict[str, bool]:
    """Return of one panel which reasons speak for retraining, and whether any does."""
    table = prices(world, seed)
    known = table[table["date"] <= table["date"].unique()[-SCORED_SESSIONS - 1]].reset_index(drop=True)
    _, model = train(engineer(Table("prices_clean", known, {})), _TRAIN, features_sha256="")
    features = engineer(Table("prices_clean", table, {}))
    if model is None:
        return {}
    predictions = score(features, model, ScoreSettings("XNYS"))
    reasons = _evaluated({**_about(features), "predictions": predictions, "model": model}, seed)
    answers = {f"in use: {name}": says == "retrain" for name, says in reasons.items() if name != AGE}
    return answers | {"in use: any of them": any(answers.values())}


def _about(features: Table) -> dict[str, Artifact]:
    """Return the documents of a run without findings and repairs."""
    rows = features.rows
    source = {"name": "files", "uri": "panel", "sha256": "", "rows": rows, "tickers": {}, "waivers": []}
    repairs = {"rows_in": rows, "rows_out": rows, "repairs": []}
    return {
        "features": features,
        "findings": Document("findings", {"source": source, "findings": []}),
        "repairs": Document("repairs", repairs),
    }


def _evaluated(inputs: Mapping[str, Artifact], seed: int) -> dict[str, str]:
    """Return what each reason of the advice says."""
    values = {p.name: p.parse(p.default) for p in stage_named("evaluate").parameters}
    settings = settings_from(EvaluateSettings, values | {"bootstrap_seed": seed})
    body = evaluate(inputs, {}, settings).body
    return {reason["name"]: reason["says"] for reason in body["advice"]["reasons"]}


def main(arguments: list[str] | None = None) -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sessions", type=int, default=1_500)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    counts = Counts()
    for seed in range(chosen.seed, chosen.seed + chosen.panels):
        counts.add(spoken(World(sessions=chosen.sessions), seed))
    entries = [{"question": question, **count.entry()} for question, count in counts.counts.items()]
    for entry in entries:
        print(f"{entry['question']:<60} {entry['rate']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]")
    if chosen.out:
        chosen.out.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
