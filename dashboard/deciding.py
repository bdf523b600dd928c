"""What the model page's decisions do: each is one call of a service, with the reason that was typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.errors import ParameterError
from core.journal import Run
from core.queries.models.doubts import doubts
from core.queries.runs.run_labels import run_name, short_ids
from core.registry.champions import Champions
from core.review import decisions
from core.runs.launcher import FORCE, NO_WAIT, launch
from dashboard import acting, shell

PAGE = "model"
WHY = "decision_why"
AGREED = "decision_agreed"
_STARTED = "decision_started_run"


def doubts_about(model_id: str) -> list[str]:
    """Return what must be known before a model is promoted: that it was never judged, or sees other features."""
    return doubts(shell.settings(), model_id, shell.profile())


def earlier() -> str | None:
    """Return the champion that a roll-back would bring back, None if there is none."""
    champion = Champions(shell.settings()).of(shell.profile())
    return champion.before if champion else None


def started() -> str | None:
    """Return once the run that a decision to retrain has started."""
    run_id: str | None = st.session_state.pop(_STARTED, None)
    return run_id


def _saying(act: Callable[[], str]) -> None:
    if acting.saying(PAGE, act):
        st.session_state[WHY] = ""


def _why() -> str:
    text = str(st.session_state.get(WHY) or "")
    if not text.strip():
        raise ParameterError("no reason was given", expected="why, in a sentence")
    return text


def keep() -> None:
    """Record that the champion stays."""

    def act() -> str:
        record = decisions.decide(
            shell.settings(), "keep", _why(), person=shell.person(), profile=shell.profile()
        )
        return f"Recorded as {record.seq}: the champion {short_ids(record.subject)} is kept."

    _saying(act)


def retrain(run: Run) -> None:
    """Record that a successor is wanted, and start a training run like ``run``."""

    def act() -> str:
        settings, person = shell.settings(), shell.person()
        record = decisions.decide(settings, "retrain", _why(), person=person, profile=shell.profile())
        request = {k: v for k, v in run.request.items() if k not in (FORCE, NO_WAIT)} | {"mode": "train"}
        launched = launch(settings, request, person=person, how="desk", folder=Path.cwd())
        st.session_state[_STARTED] = launched.run_id
        return f"Recorded as {record.seq}: retraining, run {run_name(launched.run_id)}."

    _saying(act)


def promote(model_id: str, *, must_agree: bool) -> None:
    """Make a model the champion; where something speaks against it, only with the tick that it is meant."""

    def act() -> str:
        why, profile = _why(), shell.profile()
        if must_agree and not st.session_state.get(AGREED):
            raise ParameterError(
                "something speaks against this model", expected="the tick that it is meant all the same"
            )
        champion, former = decisions.promote(
            shell.settings(), model_id, why, person=shell.person(), profile=profile
        )
        st.session_state[AGREED] = False
        instead = f" instead of {short_ids(former.model_id)}" if former else ""
        return f"{short_ids(champion.model_id)} is the champion of {profile} now{instead}."

    _saying(act)


def reject(model_id: str) -> None:
    """Record that a model is not to be used."""

    def act() -> str:
        record = decisions.reject(
            shell.settings(), model_id, _why(), person=shell.person(), profile=shell.profile()
        )
        return f"Recorded as {record.seq}: {short_ids(record.subject)} is rejected."

    _saying(act)


def roll_back() -> None:
    """Bring back the champion before the present one."""

    def act() -> str:
        champion, former = decisions.rollback(
            shell.settings(), _why(), person=shell.person(), profile=shell.profile()
        )
        return (
            f"{short_ids(champion.model_id)} is the champion again"
            f"{f', no longer {short_ids(former.model_id)}' if former else ''}."
        )

    _saying(act)
