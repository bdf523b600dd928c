"""What one visitor has open on the report page: the text, what is typed, and how it is kept.

The text that was opened stays as it was drawn until the visitor opens another: what is signed is what was
on the page, however many others save meanwhile. Whatever is typed becomes the next numbered draft as soon
as the box is left; what cannot be saved (somebody else was faster) is kept by the server and comes back.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.errors import AftercloseError
from core.fingerprint import SHORT
from core.journal import Draft
from core.report.narrative import cleaned, sections_of, with_added, with_section
from core.review import signoff
from core.review.drafts import signable_of
from core.review.signoff import DraftConflict, SignableText
from dashboard import acting, shell

PAGE = "report"
WHOLE, HEADING, TABS = "edit_whole", "new_heading", "text_tabs"
_STATE = "report_editing"
_PREFIX = "edit_"


@dataclass
class Editing:
    """The opened text of one report, the text in the editor, and the draft that stands in its way."""

    report_key: str
    opened: SignableText
    working: str
    conflict: Draft | None = None

    @property
    def unsaved(self) -> bool:
        """Whether the editor holds something that no draft has."""
        return cleaned(self.working) != self.opened.text


def editing(report_key: str) -> Editing:
    """Return what this visitor has open, the present text when it is the first look."""
    state = st.session_state.get(_STATE)
    if not isinstance(state, Editing) or state.report_key != report_key:
        copy = _copies().get(_mine(report_key))
        state = _open(report_key, working=copy)
        if copy is not None and state.unsaved:
            acting.saying(PAGE, lambda: "Text that could not be saved before is in the editor again.")
    return state


def _open(report_key: str, *, working: str | None = None) -> Editing:
    text = signoff.signable(shell.store(), shell.journal(), report_key)
    opened = Editing(report_key, text, text.text if working is None else working)
    st.session_state[_STATE] = opened
    _forget_widgets()
    return opened


@st.cache_resource
def _copies() -> dict[tuple[str, str, str], str]:
    """Return texts that could not be saved, by data root, report and person: they outlive a reload."""
    return {}


def _mine(report_key: str) -> tuple[str, str, str]:
    return str(shell.settings().data), report_key, shell.person().id


def _forget_widgets() -> None:
    for key in [k for k in st.session_state if str(k).startswith(_PREFIX)]:
        st.session_state.pop(key, None)


def section_key(name: str) -> str:
    """Return the widget key of an analyst's section.

    >>> section_key("Business implications")
    'edit_business_implications'
    """
    return _PREFIX + "".join(c if c.isalnum() else "_" for c in name.lower())


def seed(key: str, text: str) -> None:
    """Give a text area its text unless it is on the page already."""
    if key not in st.session_state:
        st.session_state[key] = text


# ---- what the widgets do


def section_changed(report_key: str, name: str) -> None:
    """Take an analyst's section over into the text in the editor, and save."""
    state = editing(report_key)

    def act() -> str:
        state.working = with_section(state.working, name, str(st.session_state[section_key(name)] or ""))
        return _save(state)

    acting.saying(PAGE, act)


def whole_changed(report_key: str) -> None:
    """Take the whole text over, and save; the sections are read from it anew."""
    state = editing(report_key)
    state.working = str(st.session_state[WHOLE] or "")
    acting.saying(PAGE, lambda: _save(state))


def add_section(report_key: str) -> None:
    """Add a section under the heading that was typed, and save."""
    state = editing(report_key)

    def act() -> str:
        state.working = with_added(state.working, str(st.session_state.get(HEADING) or ""))
        st.session_state[HEADING] = ""
        return _save(state)

    acting.saying(PAGE, act)


def mode_changed() -> None:
    """Let the other editor start from the same text."""
    _forget_widgets()


def _save(editing: Editing, *, beside: bool = False) -> str:
    """Keep the text in the editor as the next draft and open it, or keep a copy and say what is in the way."""
    if not editing.unsaved:
        return ""
    base = None if beside else editing.opened.draft or 0
    try:
        draft = signoff.save_draft(
            shell.settings(), shell.journal_to_write(), editing.report_key, editing.working,
            person=shell.person(), base=base,
        )  # fmt: skip
    except AftercloseError as error:
        conflict = error.latest if isinstance(error, DraftConflict) else None
        if conflict is None or cleaned(conflict.text) != cleaned(editing.working):
            editing.conflict = conflict
            _copies()[_mine(editing.report_key)] = editing.working
            raise
        draft = conflict  # these very words are saved already: by a save whose end this page did not see
    # at once: a page that is drawn anew may end this at any call of Streamlit, and the draft is there
    editing.opened, editing.conflict = signable_of("", draft), None
    _copies().pop(_mine(editing.report_key), None)
    return f"Saved as draft {draft.number}."


def save(report_key: str) -> None:
    """Save again what could not be saved."""
    acting.saying(PAGE, lambda: _save(editing(report_key)))


def save_beside(report_key: str) -> None:
    """Save although somebody else was faster: both texts are kept, this one is the newest."""

    def act() -> str:
        state = editing(report_key)
        other = state.conflict
        note = f" Draft {other.number} of {other.author} is kept and can be opened below." if other else ""
        return _save(state, beside=True) + note

    acting.saying(PAGE, act)


def discard(report_key: str) -> None:
    """Give up what is in the editor and open the newest text."""

    def act() -> str:
        _copies().pop(_mine(report_key), None)
        return f"This is {name_of(_open(report_key).opened)}."

    acting.saying(PAGE, act)


def reopen(report_key: str) -> None:
    """Open the newest text; what is unsaved stays in the editor."""

    def act() -> str:
        state = editing(report_key)
        return (
            f"This is {name_of(_open(report_key, working=state.working if state.unsaved else None).opened)}."
        )

    acting.saying(PAGE, act)


def open_draft(report_key: str, number_key: str) -> None:
    """Put an older draft into the editor and save it as the newest."""
    number = st.session_state[number_key]

    def act() -> str:
        log = shell.journal()
        drafts = log.drafts(report_key) if log else []
        state = editing(report_key)
        state.working = next(draft.text for draft in drafts if draft.number == number)
        _forget_widgets()
        return f"{_save(state)} It is draft {number} again.".strip()

    acting.saying(PAGE, act)


def name_of(text: SignableText) -> str:
    """Return what a text is called: the generated text, or a draft by its number."""
    return "the generated text" if text.draft is None else f"draft {text.draft}"


def sections(draft: Editing) -> dict[str, str]:
    """Return the sections that people write, as they stand in the editor."""
    return sections_of(draft.working)


def short(digest: str) -> str:
    """Return the part of a digest that people compare."""
    return digest[:SHORT]
