"""What one finished run was and found, read from its verified checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ParameterError
from core.journal import Journal, Run
from core.review.publication import state_of
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind

METRICS = ("auc", "brier", "precision", "recall", "hit_rate", "log_loss")
"""Measures that are compared, as evaluation names them."""


@dataclass(frozen=True)
class RunFacts:
    """One run with a report.

    Parameters
    ----------
    run : Run
    parameters : mapping
        Every parameter of every stage as it was resolved, ``vintage`` included, by name.
    evaluation : mapping
        The body of ``evaluation.json``.
    report : tuple of str
        Lines of ``report.txt``.
    standing : str
        draft, signed, published ... as journal and published files have it.
    """

    run: Run
    parameters: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    report: tuple[str, ...]
    standing: str

    @property
    def seconds(self) -> float | None:
        """How long the run took."""
        return self.run.took_s()

    def metric(self, name: str, part: str = "value") -> float | None:
        """Return a measure, or a bound of its interval (``low``, ``high``)."""
        estimate = self.evaluation["performance"].get(name) or {}
        return estimate.get(part)

    @property
    def findings(self) -> dict[str, int]:
        """Findings by rule."""
        return {f["rule"]: f["count"] for f in self.evaluation["data"]["findings"]}

    @property
    def worst_drift(self) -> float | None:
        """The largest percentile of any column's drift, None if none is ranked."""
        ranked = [d["percentile"] for d in self.evaluation["drift"].values() if d["percentile"] is not None]
        return max(ranked, default=None)


def facts(store: Store, journal: Journal, run: Run) -> RunFacts:
    """Return what a run was and found; every artifact is verified as it is read.

    Raises
    ------
    ParameterError
        If the run made no report.
    CheckpointError
        If a checkpoint is damaged.
    """
    key = run.keys.get("report")
    slot = Slot("report", key) if key else None
    if slot is None or store.meta(slot) is None:
        raise ParameterError(
            f"run {run.run_id} has no report", expected="a run that finished", remedy="See: afterclose runs"
        )
    parameters: dict[str, Any] = {}
    keys = keys_behind(store, slot)
    for stage, stage_key in keys.items():
        meta = store.meta(Slot(stage, stage_key))
        parameters |= {
            n: v for n, v in (meta.body["parameters"] if meta else {}).items() if v not in (None, "")
        }
    evaluation = evaluation_at(store, keys["evaluate"])
    lines = store.read(slot, "report.txt").decode().splitlines()
    return RunFacts(run, parameters, evaluation, tuple(lines), state_of(store.root, journal, slot.key))
