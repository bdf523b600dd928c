"""What is pointed out about a text: changed generated lines, numbers the evaluation does not have, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal
from core.queries.models.gates import gates
from core.queries.models.to_decide import advice_now, champion_words, question, since_then
from core.queries.reports.contradictions import contradictions
from core.registry.champions import Champions
from core.report.edits import edits
from core.request.settings import Settings
from core.review.drafts import generated_body
from core.review.since import Since, since_last_signed
from core.store.checkpoints import Slot
from core.store.lineage import keys_behind
from dashboard import data, model_evidence, shell, wrapped
from dashboard.editing import Editing
from dashboard.words import literal


def evaluation(report_key: str) -> Mapping[str, Any] | None:
    """Return the evaluation behind a report, None when it is not there.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    artifact = data.artifact_of(shell.store(), keys_of_report(report_key), "evaluation")
    return None if artifact is None else data.document(shell.store(), artifact)


def keys_of_report(report_key: str) -> Mapping[str, str]:
    """Return the keys of the stages behind a report, by stage."""
    return keys_behind(shell.store(), Slot("report", report_key))


def since(settings: Settings, report_key: str) -> Since | None:
    """Return what changed since the last signed report of the profile; looked up anew with each run and record."""
    journal = Journal.find(settings.data, settings.journal)
    if journal is None:
        return None
    last = max((record.seq for record in journal.records()), default=0)
    return _since(report_key, journal.count_runs(), last, _settings=settings)


@st.cache_data(max_entries=16, show_spinner="Looking at the last signed report…")
def _since(report_key: str, *key: Any, _settings: Settings) -> Since | None:  # noqa: ARG001 - what it rests on
    return since_last_signed(_settings, Journal.find(_settings.data, _settings.journal), report_key)


def draw(draft: Editing) -> None:
    """Draw the hints about the text in the editor, most pressing first; nothing when there are none."""
    with st.container(key="checks"):
        _contradictions(draft)
        _edits(draft)


@dataclass(frozen=True)
class ChampionNow:
    """What is so now of the model that a report judged: another one is champion than on that day.

    Parameters
    ----------
    lead : str
        Which model is the champion.
    advice : str
        What is asked about it, and what can be said of it now.
    since : str
        Who was the champion when the report was made.
    """

    lead: str
    advice: str
    since: str


def champion_now(report_key: str) -> ChampionNow | None:
    """Return what is so now; None where the report's own words are still true."""
    try:
        body, pointer = evaluation(report_key), Champions(shell.settings()).of(shell.profile())
        since = since_then(pointer.model_id, body) if body and pointer else ""
        if not (body and since):
            return None
        choice = model_evidence.choice(shell.settings(), shell.profile(), body)
        passing = gates(body, model_evidence.tries(shell.settings(), keys_of_report(report_key)["evaluate"]))
    except AftercloseError:
        return None  # said where the evaluation and the champion are shown
    opening = f"{question(choice, body)} " if choice.candidate else ""
    return ChampionNow(champion_words(choice, body), f"{opening}{advice_now(choice, passing)}", since)


def _contradictions(draft: Editing) -> None:
    try:
        body = evaluation(draft.report_key)
    except AftercloseError:
        return  # the evidence below says what is damaged
    for each in contradictions(draft.working, body) if body else ():
        st.warning(f"▲ {literal(each.section)}: “{literal(each.words)}”, but {literal(each.evaluation)}.")


def _edits(draft: Editing) -> None:
    changes = edits(generated_body(shell.store(), draft.report_key), draft.working)
    if not changes:
        return
    figures = sum(edit.figure for edit in changes)
    st.markdown(f"**Changed in the generated part: {len(changes):,}, of these with figures: {figures:,}**")
    columns = {
        "What": ["■ figure" if edit.figure else "○ words" for edit in changes],
        "Section": [edit.section for edit in changes],
        "Generated": [edit.before or "(nothing)" for edit in changes],
        "Now": [edit.after or "(removed)" for edit in changes],
    }
    wrapped.table(columns, "edits_table", most_px=420)
    st.caption("A signature records these changes.")
