"""What the evaluation is set by, typed; values of the stage table become these at the edge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluateSettings:
    """Resampling, thresholds of advice and alarm, costs; in the order of the stage table, as the document has them.

    Parameters
    ----------
    bootstrap_samples, block_sessions, confidence, bootstrap_seed
        See :class:`core.measures.bootstrap.Resampling`.
    drift_sessions : int
        Sessions in the current window of drift.
    leak_auc : float
        An AUC above this is flagged as a likely leak.
    cost_bps : float
        Cost of a change of position, in basis points.
    champion_id : str or None
        The champion that a candidate is compared with, by content id.
    """

    bootstrap_samples: int
    block_sessions: int
    confidence: float
    bootstrap_seed: int
    drift_sessions: int
    leak_auc: float
    max_age_sessions: int
    min_new_rows: int
    drift_columns: int
    cost_bps: float
    champion_id: str | None
