"""Comments to sections of a report: read beside their section, and added at the side; each is on record."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.queries.reports.document import DocumentSection
from core.review.comments import MAX_CHARACTERS, SectionComment, add_comment, comments
from dashboard import acting, kept_words, shell

PLACE = "commenting"
_SECTION, _TEXT = "comment-section", "comment-text"


def by_section(report_key: str) -> dict[str, list[SectionComment]]:
    """Return what was said to each section of a report, oldest first."""
    remarks: dict[str, list[SectionComment]] = {}
    for each in comments(shell.journal(), report_key):
        remarks.setdefault(each.section, []).append(each)
    return remarks


def draw(report_key: str, several: Sequence[DocumentSection]) -> None:
    """Draw the form for a comment."""
    reason = acting.refusal("comment")
    st.subheader("Comment on a section", anchor=False)
    with st.form("comment_form", border=False):
        st.selectbox("Section", [each.title for each in several if each.title], key=_SECTION)
        kept_words.bring_back(PLACE, _TEXT, report_key)
        st.text_area("What you say to it", key=_TEXT, height=90, max_chars=MAX_CHARACTERS)
        st.form_submit_button(
            "Comment",
            key="add_comment",
            on_click=_add,
            args=(report_key,),
            disabled=reason is not None,
            help=reason,
        )
    acting.show_message(PLACE)


def _add(report_key: str) -> None:
    def act() -> str:
        section, text = str(st.session_state.get(_SECTION) or ""), str(st.session_state.get(_TEXT) or "")
        settings, journal = shell.settings(), shell.journal_to_write()
        record = add_comment(settings, journal, report_key, section, text, person=shell.person())
        st.session_state[_TEXT] = ""
        return f"Recorded as {record.seq}, beside {section}."

    acting.saying(PLACE, act)
