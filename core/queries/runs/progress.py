"""What a person is shown of a run: the state of each stage and of sign-off, from its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.journal import Event, Run
from core.prices.catalogue import RULES
from core.request.stages import NAMES, chain
from core.review.standing import Standing
from core.runs.heartbeat import Pulse

_STATE_WORDS = {"succeeded": "done", "started": "running", "retried": "running", "retained": "running"}
"""Events whose state has another word; the others are shown as they are."""

UNTOUCHED = ("queued", "not run")
"""States of a stage that was given nothing."""

NEXT_ATTEMPT = ("retried", "retained")
"""Events that end an attempt of their stage: it is at the next from then on."""

_ATTEMPTS = ("started", "retried", "retained", "succeeded", "failed", "cancelled", "interrupted")
"""Events that belong to an attempt of their stage."""


@dataclass(frozen=True)
class StageView:
    """One box of the graph.

    Parameters
    ----------
    stage : str
    state : str
        queued, waiting, running, done, reused, failed, stopped (cut off in the middle) or not run.
    rows_in, rows : int or None
        Of the main table of the stage before, and of its own.
    seconds : float or None
        How long it took, or has taken so far.
    note : str
        What is out of the ordinary: attempts, whom it waits for, a model that was kept.
    since : str or None
        UTC time of the start.
    attempt : int
        Which attempt it is at, or ended with; 0 before the first.
    bytes : int or None
        Of all its artifacts together.
    """

    stage: str
    state: str = "queued"
    rows: int | None = None
    seconds: float | None = None
    note: str = ""
    since: str | None = None
    attempt: int = 0
    rows_in: int | None = None
    bytes: int | None = None


def stage_views(run: Run, events: Iterable[Event], now: datetime) -> list[StageView]:
    """Return the boxes of the stages that ``run`` is for, in running order.

    Parameters
    ----------
    run : Run
        As the journal has it now: its state says what became of stages without an end.
    events : iterable of Event
        The run's events in order.
    now : datetime
        With its zone; only used for the seconds of what is running.
    """
    target = run.target if run.target in NAMES else NAMES[-1]
    views = {stage.name: StageView(stage.name) for stage in chain(target)}
    listed = list(events)
    for event, attempt in zip(listed, attempts(listed), strict=True):
        if event.stage in views:
            views[event.stage] = _after(views[event.stage], event, attempt)
    return _fed([_as_of(view, run, now) for view in views.values()])


def _fed(views: list[StageView]) -> list[StageView]:
    """Return the boxes with the rows that each was given: those of the one before."""
    before = [None, *(view.rows for view in views[:-1])]
    return [
        view if view.state in UNTOUCHED else replace(view, rows_in=rows)
        for view, rows in zip(views, before, strict=True)
    ]


def _after(view: StageView, event: Event, attempt: int | None) -> StageView:
    facts = event.facts
    if event.state == "quarantined":
        return replace(view, note="damaged, made again")
    since = event.at if event.state == "started" else view.since
    changed = replace(view, state=_STATE_WORDS.get(event.state, event.state), since=since)
    return replace(
        changed,
        rows=facts.get("rows", view.rows),
        bytes=facts.get("bytes", view.bytes),
        seconds=facts.get("seconds", view.seconds),
        note=_note(event.state, facts, view.note),
        attempt=(attempt or view.attempt) + (event.state in NEXT_ATTEMPT),
    )


def _note(state: str, facts: Mapping[str, Any], before: str) -> str:
    match state:
        case "retried":
            return f"attempt {facts.get('attempt', 1) + 1}"
        case "waiting":
            return f"for {facts.get('holder', 'another run')}"
        case "retained":
            return "previous model kept"
        case "started":
            return before if before.startswith("damaged") else ""
        case _:
            return before


def _as_of(view: StageView, run: Run, now: datetime) -> StageView:
    if run.active:
        if view.state == "running" and view.since:
            return replace(view, seconds=max(0.0, (now - datetime.fromisoformat(view.since)).total_seconds()))
        return view
    ended = {"queued": "not run", "running": "stopped", "waiting": "stopped"}
    return replace(view, state=ended.get(view.state, view.state))


def sign_off_view(run: Run, signed: Standing | None) -> StageView:
    """Return the box after the last stage: a person's.

    Parameters
    ----------
    signed : Standing or None
        Where the run's report stands; None while there is none.
    """
    if signed is None:
        return StageView("sign-off", "queued" if run.active else "not run")
    if signed.state == "draft":
        return StageView("sign-off", "to sign")
    note = f"by {signed.record.content['user']}" if signed.record and signed.state == "signed" else ""
    return StageView("sign-off", signed.state, note=note)


def attempts(events: Iterable[Event]) -> list[int | None]:
    """Return to which attempt of its stage each event belongs, counted from 1; None for those that are no work.

    A stage that is made anew in the same run (its checkpoint was damaged meanwhile) counts from 1 again.
    """
    now: dict[str, int] = {}
    states = []
    for event in events:
        if event.state == "started":
            now[event.stage] = 1
        states.append(now.get(event.stage) if event.state in _ATTEMPTS else None)
        if event.state in NEXT_ATTEMPT:
            now[event.stage] = now.get(event.stage, 1) + 1
    return states


def progress(views: Iterable[StageView]) -> tuple[int, int]:
    """Return how many stages are there (done or reused), and how many there are."""
    states = [view.state for view in views]
    return sum(state in ("done", "reused") for state in states), len(states)


def share(views: Sequence[StageView], now: Pulse) -> float:
    """Return the share of the pipeline that is done, from 0 to 1; a running stage counts by its reported progress."""
    done, of = progress(views)
    working = _working(views)
    within = now.done / now.total if working and now.stage == working.stage and now.total else 0.0
    return min(1.0, (done + within) / of)


def at_work(views: Sequence[StageView], now: Pulse) -> str:
    """Return in words what is being made and how far that is, empty when nothing is."""
    working = _working(views)
    if working is None:
        return ""
    counts = f" {now.done:,} of {now.total:,}" if now.stage == working.stage and now.total else ""
    return f", at {working.stage.replace('_', ' ')}{counts}"


def _working(views: Iterable[StageView]) -> StageView | None:
    return next((view for view in views if view.state == "running"), None)


def describe_error(run: Run) -> str:
    """Return a run's first error as a sentence that names its stage; empty without one.

    The journal has it as ``stage: what came``, rules by the name that waivers and settings have.
    """
    stage, colon, what = (run.error or "").partition(": ")
    if colon and stage in NAMES:
        return f"{run.state.capitalize()} in {stage.replace('_', ' ')}: {in_plain_words(what)}"
    return f"{run.state.capitalize()}: {in_plain_words(run.error)}" if run.error else ""


def in_short(error: str) -> str:
    """Return an error as :func:`describe_error` has it, without what was expected and what to do about it.

    >>> in_short("Failed in validate: the gate stopped the run: 2 errors by rule gap; expected none. See them.")
    'Failed in validate: gap (2 errors)'
    """
    return _STOPPED.sub(r"\2 (\1)", error.partition("; expected ")[0])


_STOPPED = re.compile(r"the gate stopped the run: (.+?) by rule (.+)", re.DOTALL)
"""How many errors the gate found, and by which rules."""


def in_plain_words(text: str) -> str:
    """Return a sentence with the rules in it named as people name them.

    >>> in_plain_words("1 error by rule inconsistent_ohlc")
    '1 error by rule impossible high or low'

    >>> in_plain_words("the gate stopped the run: 2 errors by rule conflicting_duplicate, my_rule; expected none")
    'the gate stopped the run: 2 errors by rule conflicting duplicate, my rule; expected none'
    """
    return _RULE_NAMES.sub(lambda match: match[0].replace("inconsistent_ohlc", _OHLC).replace("_", " "), text)


_OHLC = "impossible high or low"


_RULE_NAMES = re.compile(rf"(?<=by rule )\w+(?:, \w+)*|\b(?:{'|'.join(RULES)})\b")
"""Rules after the words that the gate has before them, user-defined ones too; built-in ones wherever they stand."""


def asked_for(request: Mapping[str, str]) -> str:
    """Return what was asked for in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in request.items()) or "all defaults"


def utc_clock(at: str | None) -> str:
    """Return a journal's time as ``2013-03-01 21:05:00``; the reader is told that it is UTC."""
    return at[:19].replace("T", " ") if at else ""


def bytes_by_stage(events: Iterable[Event]) -> dict[str, int]:
    """Return what the artifacts of each stage weigh that a run made or took, in bytes."""
    return {event.stage: int(event.facts["bytes"]) for event in events if "bytes" in event.facts}
