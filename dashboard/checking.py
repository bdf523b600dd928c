"""What is pointed out about a text: changed generated lines, numbers the evaluation does not have, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.queries.reports.contradictions import contradictions
from core.report.edits import edits
from core.report.narrative import unwritten
from core.review import signoff
from core.store.checkpoints import Slot
from core.store.lineage import keys_behind
from dashboard import data, shell
from dashboard.editing import Editing
from dashboard.words import plain


def evaluation(report_key: str) -> Mapping[str, Any] | None:
    """Return the evaluation behind a report, None when it is not there.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    store = shell.store()
    artifact = data.artifact_of(store, keys_behind(store, Slot("report", report_key)), "evaluation")
    return None if artifact is None else data.document(store, artifact)


def draw(held: Editing) -> None:
    """Draw the hints about the text in the editor, most pressing first; nothing when there are none."""
    with st.container(key="checks"):
        _contradictions(held)
        _edits(held)
        missing = unwritten(held.working)
        if missing:
            st.caption(f"○ Still to be written: {plain(', '.join(missing))}.")


def _contradictions(held: Editing) -> None:
    try:
        body = evaluation(held.report_key)
    except AftercloseError:
        return  # the evidence below says what is damaged
    for found in contradictions(held.working, body) if body else ():
        st.warning(f"▲ {plain(found.section)}: “{plain(found.words)}”, but {plain(found.evaluation)}.")


def _edits(held: Editing) -> None:
    found = edits(signoff.generated_body(shell.store(), held.report_key), held.working)
    if not found:
        return
    figures = sum(edit.figure for edit in found)
    st.markdown(f"**Changed in the generated part: {len(found):,}, of these with figures: {figures:,}**")
    rows = [
        {
            "What": "■ figure" if edit.figure else "○ words",
            "Section": edit.section,
            "Generated": edit.before or "(nothing)",
            "Now": edit.after or "(removed)",
        }
        for edit in found
    ]
    st.dataframe(rows, hide_index=True, key="edits_table")
    st.caption("A signature records these changes.")
