"""The stages of a run as bars along its time, each against how long it usually takes: one table that says all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from core.journal import Run
from core.queries.runs.progress import StageView
from core.report.formatting import bytes_text
from dashboard import compact

SLOWER, SLOWER_S = 1.5, 1.0
"""A stage is pointed out that took this many times as long as usual, and so many seconds longer."""

_HEADS = ("Stage", "State", "When", "Took", "Usually", "Rows in", "Rows out", "Size")
NOT_RUN = "not run"
_TIMED = ("done", "failed", "running", "stopped", "cancelled", "interrupted")
"""States of a stage that took time."""


def markup(views: Sequence[StageView], run: Run, usual: Mapping[str, float]) -> str:
    """Return the table as HTML.

    Parameters
    ----------
    views : sequence of StageView
        In running order, sign-off last.
    usual : mapping of str to float
        Seconds by stage (:func:`core.queries.runs.usual.usual_seconds`); a stage without has no bar behind its own.
    """
    starts = {view.stage: _offset(view, run) for view in views}
    ends = [
        start + max(view.seconds or 0.0, usual.get(view.stage, 0.0) if view.state in _TIMED else 0.0)
        for view in views
        if (start := starts[view.stage]) is not None
    ]
    whole = max([*ends, 0.001])
    heads = [name for name in _HEADS if usual or name != "Usually"]
    head = "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in heads)
    rows = lines(views, run)
    body = "".join(
        _row(view, starts[view.stage], whole, usual.get(view.stage), heads) for view in rows if view
    )
    if None in rows:
        body += _rest([view for view in views if view.state == NOT_RUN], len(heads))
    return (
        '<div class="wrapped stage-table" tabindex="0" role="region" aria-label="Stages"><table role="table">'
        f'<thead><tr role="row">{head}</tr></thead><tbody>{body}</tbody></table></div>{_key(usual, views)}'
    )


def lines(views: Sequence[StageView], run: Run) -> list[StageView | None]:
    """Return the stages that have a line each; None, once and last, for all that a run that is over did not come to."""
    reached = [view for view in views if run.active or view.state != NOT_RUN]
    return [*reached, None] if len(views) - len(reached) > 1 else list(views)


def _rest(views: Sequence[StageView], columns: int) -> str:
    """Return the line of the stages that a run did not come to."""
    names = ", ".join(view.stage.replace("_", " ") for view in views)
    parts = {
        "Stage": compact.strong(f"{len(views)} more"),
        "State": compact.badge(NOT_RUN),
        "Stages": compact.quiet(names),
    }
    cells = "".join(f'<td role="cell" data-label="{name}">{part}</td>' for name, part in parts.items())
    rest = '<td role="cell"></td>' * (columns - len(parts))
    return f'<tr role="row" class="st-key-stage-rest">{cells}{rest}</tr>'


_KEYS = {"good": "this run", "now": "running", "slow": "slower than usual", "bad": "failed"}


def _key(usual: Mapping[str, float], views: Sequence[StageView]) -> str:
    """Return what the bars that are drawn mean, or why there are no grey ones."""
    if not usual:
        words = "How long a stage usually takes is shown once the profile has three runs."
        return f'<div class="legend bars">{words}</div>'
    kinds = {_kind(view, usual.get(view.stage)) for view in views if view.state in _TIMED}
    own = "".join(
        f'<span><i class="b-{kind}"></i>{words}</span>' for kind, words in _KEYS.items() if kind in kinds
    )
    return f'<div class="legend bars"><span><i class="key-usual"></i>usual</span>{own}</div>'


def _kind(view: StageView, usual: float | None) -> str:
    """Return how a stage's own bar looks."""
    if view.state in ("failed", "running"):
        return "bad" if view.state == "failed" else "now"
    return "slow" if slow(view.seconds or 0.0, usual) else "good"


def _offset(view: StageView, run: Run) -> float | None:
    """Return how many seconds after the run's start a stage began; None where it took none."""
    if not view.since or not run.started_at or view.state not in _TIMED:
        return None
    began = datetime.fromisoformat(view.since) - datetime.fromisoformat(run.started_at)
    return max(0.0, began.total_seconds())


def _row(
    view: StageView, start: float | None, whole: float, usual: float | None, heads: Sequence[str]
) -> str:
    note = compact.quiet(_note(view)) if _note(view) else ""
    parts = {
        "Stage": compact.strong(view.stage.replace("_", " ")),
        "State": compact.badge(view.state) + note + _slower(view, usual),
        "When": _bar(view, start, whole, usual),
        "Took": _took(view, usual),
        "Usually": escape(_seconds(usual)) if usual is not None else "",
        "Rows in": escape(f"{view.rows_in:,}") if view.rows_in is not None else "",
        "Rows out": escape(f"{view.rows:,}") if view.rows is not None else "",
        "Size": bytes_text(view.bytes) if view.bytes else "",
    }
    numbers = ("Took", "Usually", "Rows in", "Rows out", "Size")
    filled = "".join(
        f'<td role="cell" data-label="{name}" class="{"number" if name in numbers else ""}">{part}</td>'
        for name, part in parts.items()
        if name in heads
    )
    as_bar = " as-bar" if is_bar(view) else ""
    return f'<tr role="row" class="st-key-stage-{escape(view.stage)}{as_bar}">{filled}</tr>'


def is_bar(view: StageView) -> bool:
    """Return whether a phone shows a stage as its bar alone, without the word for its state."""
    return view.state in ("done", "running") and view.seconds is not None and not _note(view)


def _note(view: StageView) -> str:
    attempt = f"attempt {view.attempt}" if view.attempt > 1 and "attempt" not in view.note else ""
    return ", ".join(part for part in (attempt, view.note) if part)


def _slower(view: StageView, usual: float | None) -> str:
    """Return in words how much slower than usual a stage was; nothing where it was not."""
    if not usual or not slow(view.seconds or 0.0, usual):
        return ""
    return f' <span class="slow">{(view.seconds or 0.0) / usual:.1f}\N{MULTIPLICATION SIGN} usual</span>'


def _took(view: StageView, usual: float | None) -> str:
    if view.seconds is None:
        return ""
    text = escape(_seconds(view.seconds))
    if slow(view.seconds, usual):
        return f'<span class="slow" title="Usually {_seconds(usual or 0.0)}">{text}</span>'
    return text


def _seconds(seconds: float) -> str:
    """Return how long a stage took.

    >>> _seconds(1234.56), _seconds(0.04)
    ('1,234.6 s', '<0.1 s')
    """
    return f"{seconds:,.1f} s" if seconds >= 0.05 else "<0.1 s"


def slow(seconds: float, usual: float | None) -> bool:
    """Return whether a stage took clearly longer than usual.

    >>> slow(9.4, 3.0), slow(0.9, 0.3), slow(9.4, None)
    (True, False, False)
    """
    return usual is not None and seconds > SLOWER * usual and seconds > usual + SLOWER_S


def _bar(view: StageView, start: float | None, whole: float, usual: float | None) -> str:
    if start is None:
        return ""
    offset = 100 * start / whole
    usually = (
        f'<i class="usual" style="left:{offset:.2f}%;width:{100 * usual / whole:.2f}%"></i>' if usual else ""
    )
    kind = _kind(view, usual)
    own = f'<i class="own b-{kind}" style="left:{offset:.2f}%;width:{100 * (view.seconds or 0) / whole:.2f}%"></i>'
    return f'<span class="track" aria-hidden="true">{usually}{own}</span>'
