"""Two or more runs side by side: what differs in what they asked for, rested on and found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ParameterError
from core.fingerprint import SHORT, is_digest
from core.queries.runs.facts import METRICS, RunFacts
from core.report.formatting import percentile, with_interval

ABSENT = "-"
"""Hexadecimal digits that people compare; programs get all 64."""


@dataclass(frozen=True)
class Row:
    """One thing compared: its part, name, and value in each run as text."""

    part: str
    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not agree."""
        return len(set(self.values)) > 1

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as people read them: of a digest its first :data:`SHORT` digits."""
        return tuple(v[:SHORT] if is_digest(v) else v for v in self.values)


@dataclass(frozen=True)
class RunComparison:
    """Runs by id, their rows, and how each report differs from the first one's (a unified diff)."""

    runs: tuple[str, ...]
    rows: tuple[Row, ...]
    report_diffs: tuple[str, ...]

    def differing(self) -> list[Row]:
        """Return the rows in which the runs do not agree."""
        return [row for row in self.rows if row.differs]


def compare(several: Sequence[RunFacts]) -> RunComparison:
    """Return runs side by side.

    Parameters
    ----------
    several : sequence of RunFacts
        Two or more; the first is what reports are compared with.

    Raises
    ------
    ParameterError
        If there are fewer than two.
    """
    if len(several) < 2:
        raise ParameterError(f"{len(several)} run(s) came", expected="two or more to compare")
    return RunComparison(
        tuple(each.run.run_id for each in several),
        tuple(_rows(several)),
        tuple(_diff(several[0], other) for other in several[1:]),
    )


def _rows(several: Sequence[RunFacts]) -> Iterator[Row]:
    yield _row("run", "state", [each.standing for each in several])
    yield _row("run", "seconds", [each.seconds for each in several])
    for name in _union(each.parameters for each in several):
        part = "vintage" if name == "vintage" else "parameters"
        yield _row(part, name, [each.parameters.get(name) for each in several])
    for name in ("rows_in", "rows_clean", "from", "to"):
        yield _row("data", name, [each.evaluation["data"].get(name) for each in several])
    for rule in _union(each.findings for each in several):
        yield _row("findings", rule, [each.findings.get(rule, 0) for each in several])
    for name in ("feature_set", "definition_digest", "rows", "complete_rows"):
        yield _row("features", name, [each.evaluation["features"].get(name) for each in several])
    yield _row("metrics", "verdict", [each.evaluation["verdict"] for each in several])
    for name in METRICS:
        yield _row("metrics", name, [_interval(each, name) for each in several])
    for name in _union(_trading(each.evaluation) for each in several):
        yield _row("trading", name, [_trading(each.evaluation).get(name) for each in several])
    for column in _union(each.evaluation["drift"] for each in several):
        yield _row("drift", column, [_drift(each, column) for each in several])


def _trading(evaluation: Mapping[str, Any]) -> dict[str, object]:
    """Return what following the model is worth by name; nothing of an evaluation from before it was measured."""
    figures = {name: value for name, value in (evaluation.get("risk") or {}).items() if name != "reason"}
    figures |= {"break_even_bps": evaluation["break_even_bps"]} if "break_even_bps" in evaluation else {}
    ic = evaluation.get("ic") or {}
    figures |= {f"IC {name}": ic[name] for name in ("mean", "t") if name in ic}
    error = evaluation.get("calibration_error")
    return figures | ({"calibration error": error["value"]} if error else {})


def _row(part: str, name: str, values: Iterable[object]) -> Row:
    return Row(part, name, tuple(_text(value) for value in values))


def _union(several: Iterable[Iterable[str]]) -> list[str]:
    """Return all names in the order in which they first come."""
    return list(dict.fromkeys(name for names in several for name in names))


def _interval(each: RunFacts, name: str) -> str:
    estimate = {part: each.metric(name, part) for part in ("value", "low", "high")}
    return ABSENT if estimate["value"] is None else with_interval(estimate, "{:.4f}".format)


def _drift(each: RunFacts, column: str) -> str:
    drift = each.evaluation["drift"].get(column)
    if not drift:
        return ABSENT
    ranked = "unranked" if drift["percentile"] is None else f"percentile {percentile(drift['percentile'])}"
    return f"{drift['severity']} ({ranked})"


def _text(value: object) -> str:
    if value is None:
        return ABSENT
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _diff(first: RunFacts, other: RunFacts) -> str:
    names = (first.run.run_id, other.run.run_id)
    return "\n".join(difflib.unified_diff(first.report, other.report, *names, lineterm="", n=1))
