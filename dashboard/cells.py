"""Stages as small squares: one a stage, by state in colour and sign, the same in the table of runs and on Today."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape

from core.queries.runs.progress import UNTOUCHED, StageView
from dashboard.states import look

_SIGNS = {
    "failed": "×", "busy": "×", "damaged": "×", "running": "▸", "waiting": "…", "stopped": "–", "cancelled": "–",
    "interrupted": "–", "reused": "↺", "queued": "", "not run": "",
}  # fmt: skip
"""State -> what stands in its square, so that colour does not say it alone; any other has none."""


def square(state: str, title: str = "") -> str:
    """Return one square.

    >>> square("failed", "clean: failed")
    '<i class="sq c-red" title="clean: failed">×</i>'
    >>> square("queued")
    '<i class="sq c-none"></i>'
    """
    colour = "none" if state in UNTOUCHED else look(state)[1]
    attribute = f' title="{escape(title)}"' if title else ""
    return f'<i class="sq c-{colour}"{attribute}>{_SIGNS.get(state, "")}</i>'


def words_of(view: StageView) -> str:
    """Return a stage in words.

    >>> words_of(StageView("feature_engineer", "done", seconds=0.6))
    'feature engineer: done, 0.6 s'
    """
    seconds = f", {view.seconds:,.1f} s" if view.seconds is not None else ""
    return f"{view.stage.replace('_', ' ')}: {view.state}{seconds}"


_LEGEND = ("done", "reused", "failed", "running", "not run")


def legend(used: Collection[str]) -> str:
    """Return what the squares of the states in ``used`` mean; one that is still to come looks as one that did not run.

    >>> [word in legend({"stopped", "queued"}) for word in ("stopped", "not run", "reused")]
    [True, True, False]
    """
    states = {"not run" if state in UNTOUCHED else state for state in used}
    ordered = [state for state in _LEGEND if state in states] + sorted(states - set(_LEGEND))
    entries = "".join(f"<span>{square(state)}{escape(state)}</span>" for state in ordered)
    return f'<div class="legend">{entries}</div>'


def line(views: Iterable[StageView]) -> str:
    """Return the stages of a run side by side, read out as one sentence."""
    several = list(views)
    spoken = "; ".join(map(words_of, several))
    return (
        f'<span class="squares" role="img" aria-label="{escape(spoken)}">'
        f"{''.join(square(view.state, words_of(view)) for view in several)}</span>"
    )
