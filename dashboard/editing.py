"""What one visitor has open on the report page, and what its buttons do; kept for the browser session.

The text that was opened stays as it was drawn until the visitor opens another: what is signed is what was
on the page, however many others save meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import AftercloseError
from core.fingerprint import SHORT
from core.report.narrative import cleaned, sections_of, with_section
from core.report.sections import ANALYST_SECTIONS
from core.review import signoff
from core.review.publication import publish
from core.review.signoff import DraftConflict, SignableText
from dashboard import shell

_STATE = "report_editing"
_SAID = "report_said"
_WARNED = "report_warned_of_draft"
WHOLE = "edit_whole"
MEANING, COMMENT = "meaning", "comment"


@dataclass
class Editing:
    """The opened text of one report, and the text in the editor."""

    report_key: str
    opened: SignableText
    working: str

    @property
    def unsaved(self) -> bool:
        """Whether the editor holds something that no draft has."""
        return cleaned(self.working) != self.opened.text


def editing(report_key: str) -> Editing:
    """Return what this visitor has open, the present text when it is the first look."""
    held = st.session_state.get(_STATE)
    if not isinstance(held, Editing) or held.report_key != report_key:
        held = _open(report_key)
    return held


def _open(report_key: str, *, working: str | None = None) -> Editing:
    text = signoff.signable(shell.store(), shell.journal(), report_key)
    held = Editing(report_key, text, text.text if working is None else working)
    st.session_state[_STATE] = held
    _forget_widgets()
    return held


def _forget_widgets() -> None:
    for key in (WHOLE, *map(section_key, ANALYST_SECTIONS)):
        st.session_state.pop(key, None)


def section_key(name: str) -> str:
    """Return the widget key of an analyst's section.

    >>> section_key("Business implications")
    'edit_business_implications'
    """
    return "edit_" + name.lower().replace(" ", "_")


def seed(key: str, text: str) -> None:
    """Give a text area its text unless it is on the page already."""
    if key not in st.session_state:
        st.session_state[key] = text


def said() -> tuple[str, str] | None:
    """Return once what the last button has to say: its kind (``success``, ``error``) and words."""
    told: tuple[str, str] | None = st.session_state.pop(_SAID, None)
    return told


def _saying(act: Callable[[], str]) -> None:
    try:
        st.session_state[_SAID] = ("success", act())
    except (AftercloseError, OSError) as error:
        st.session_state[_SAID] = ("error", str(error))


# ---- what the widgets do


def section_changed(report_key: str, name: str) -> None:
    """Take an analyst's section over into the text in the editor."""
    held = editing(report_key)

    def act() -> str:
        held.working = with_section(held.working, name, str(st.session_state[section_key(name)] or ""))
        return ""

    _saying(act)


def whole_changed(report_key: str) -> None:
    """Take the whole text over; the sections are read from it anew."""
    editing(report_key).working = str(st.session_state[WHOLE] or "")


def mode_changed() -> None:
    """Let the other editor start from the same text."""
    _forget_widgets()


def save(report_key: str) -> None:
    """Save the text in the editor as the next draft, and open it."""
    held = editing(report_key)

    def act() -> str:
        before = held.opened.draft or 0
        base = max(before, int(st.session_state.get(_WARNED, 0)))
        try:
            draft = signoff.save_draft(
                shell.store(),
                shell.journal_to_write(),
                report_key,
                held.working,
                person=shell.person(),
                base=base,
            )
        except DraftConflict as conflict:
            st.session_state[_WARNED] = conflict.latest.number
            raise
        _open(report_key)
        between = draft.number - before - 1
        kept = " Drafts that others saved meanwhile are kept and can be opened below." if between > 0 else ""
        return f"Saved as draft {draft.number}.{kept}"

    _saying(act)


def discard(report_key: str) -> None:
    """Go back to the text as it was opened."""
    held = editing(report_key)
    held.working = held.opened.text
    _forget_widgets()


def reopen(report_key: str) -> None:
    """Open the newest text; what is unsaved stays in the editor."""
    held = editing(report_key)
    _saying(lambda: _reopened(held))


def _reopened(held: Editing) -> str:
    now = _open(held.report_key, working=held.working if held.unsaved else None)
    return f"This is {name_of(now.opened)}."


def open_draft(report_key: str, number_key: str) -> None:
    """Put an older draft into the editor; saving makes it the newest."""
    number = st.session_state[number_key]

    def act() -> str:
        known = shell.journal()
        drafts = known.drafts(report_key) if known else []
        text = next(draft.text for draft in drafts if draft.number == number)
        editing(report_key).working = text
        _forget_widgets()
        return f"Draft {number} is in the editor. Save makes it the newest draft."

    _saying(act)


def sign(report_key: str) -> None:
    """Sign the text that was on the page when the button was pressed."""
    held = editing(report_key)

    def act() -> str:
        record = signoff.sign(
            shell.settings(),
            shell.journal_to_write(),
            report_key,
            shown=held.opened.sha256,
            person=shell.person(),
            meaning=str(st.session_state.get(MEANING) or ""),
            comment=str(st.session_state.get(COMMENT) or ""),
        )
        st.session_state[MEANING], st.session_state[COMMENT] = None, ""
        return f"Recorded: {record.content['meaning']} by {record.content['user']}, record {record.seq}."

    _saying(act)


def publish_now(report_key: str) -> None:
    """Publish the signed text."""

    def act() -> str:
        return f"Published in {publish(shell.settings(), shell.journal_to_write(), report_key, person=shell.person())}"

    _saying(act)


def name_of(text: SignableText) -> str:
    """Return what a text is called: the generated text, or a draft by its number."""
    return "the generated text" if text.draft is None else f"draft {text.draft}"


def missing_sections(working: str) -> list[str]:
    """Return the analyst's headings that the text no longer has."""
    return [name for name in ANALYST_SECTIONS if name not in sections_of(working)]


def short(digest: str) -> str:
    """Return the part of a digest that people compare."""
    return digest[:SHORT]
