"""What one visitor has open on the report page: the text, what is typed, and how it is kept.

The text that was opened stays as it was drawn until the visitor opens another: what is signed is what was
on the page, however many others save meanwhile. Whatever is typed becomes the next numbered draft as soon
as the box is left; what cannot be saved (somebody else was faster) is kept by the server and comes back.

Streamlit draws the page anew as soon as a second box is left, in a thread of its own, while the first may
still be saving, and ends the first at its next call. Both have the same text open, so what changes it waits
for its turn (:func:`_changing`): otherwise the second save would start from the draft before the first and
find itself in its own way. And what a thread did not come to take over, the next one does (:func:`take_over`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import RLock
from types import MappingProxyType

import streamlit as st

from core.errors import AftercloseError
from core.journal import Draft
from core.report.formatting import counted
from core.report.narrative import cleaned, sections_of, with_added, with_section
from core.review.drafts import DraftConflict, SignableText, save_draft, signable, signable_of
from dashboard import acting, kept_words, shell

PAGE = "report"
WHOLE, HEADING, TABS = "edit_whole", "new_heading", "text_tabs"
_STATE = "report_editing"
_PREFIX = "edit_"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass
class Editing:
    """The opened text of one report, the text in the editor, and what stands in its way.

    Parameters
    ----------
    conflict : Draft or None
        What somebody else saved meanwhile.
    refused : dict of str to str
        By section, what stands in its box and cannot be taken over into the text.
    mine : tuple of str
        The subject under which what cannot be saved is kept, as it was when the text was opened: who types when the
        login has ended is still that person.
    copy : str
        The name under which it is kept: each page that is open has its own.
    turn : RLock
        Held by whoever changes this.
    """

    report_key: str
    opened: SignableText
    working: str
    mine: kept_words.Subject
    copy: str
    conflict: Draft | None = None
    refused: dict[str, str] = field(default_factory=dict)
    turn: RLock = field(default_factory=RLock, repr=False, compare=False)

    @property
    def unsaved(self) -> bool:
        """Whether the editor holds something that no draft has."""
        return bool(self.refused) or cleaned(self.working) != self.opened.text


def editing(report_key: str) -> Editing:
    """Return what this visitor has open, the present text when it is the first look."""
    state = st.session_state.get(_STATE)
    if isinstance(state, Editing) and state.report_key == report_key:
        return state
    copies = kept_words.words_about(_mine(report_key))
    for count, (name, copy) in enumerate(reversed(copies.items())):
        refused = {section: words for section, words in copy.items() if section != kept_words.WHOLE}
        state = _open(report_key, copy[kept_words.WHOLE], refused, copy=name)
        if state.unsaved:
            acting.saying(PAGE, partial(_is_back, len(copies) - count - 1))
            return state
        kept_words.drop(state.mine, state.copy)  # somebody saved these very words meanwhile
    return _open(report_key)


def _is_back(others: int) -> str:
    more = f" So will {counted(others, 'other')} when the page is loaded anew." if others else ""
    return f"Text that could not be saved before is in the editor again.{more}"


def _open(
    report_key: str, working: str | None = None, refused: Mapping[str, str] = NOTHING, *, copy: str = ""
) -> Editing:
    text = signable(shell.store(), shell.journal(), report_key)
    opened = Editing(
        report_key,
        text,
        text.text if working is None else working,
        _mine(report_key),
        copy or secrets.token_hex(8),
        refused=dict(refused),
    )
    st.session_state[_STATE] = opened
    _forget_widgets()
    return opened


def _mine(report_key: str) -> kept_words.Subject:
    return kept_words.subject(f"text of {report_key}")


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


def _changing(report_key: str, act: Callable[[Editing], str]) -> None:
    """Do ``act`` to what is open, after whatever another thread of this visitor is doing to it."""
    state = editing(report_key)

    def in_turn() -> str:
        with state.turn:
            return act(state)

    acting.saying(PAGE, in_turn)


def changed(report_key: str) -> None:
    """Take what was typed over into the text in the editor, and save."""
    _changing(report_key, _save_typed)


def take_over(report_key: str) -> None:
    """Save what stands in a box and was not taken over when the box was left: the page was drawn anew meanwhile."""
    state = editing(report_key)
    if _typed(state) == (state.working, state.refused):
        return
    refusal = acting.take_message(PAGE) if acting.has_error(PAGE) else None
    changed(report_key)
    if refusal and not acting.has_error(PAGE):
        acting.say(PAGE, *refusal)


def _save_typed(state: Editing) -> str:
    state.working, state.refused = _typed(state)
    sentence = _save(state)
    if state.refused:
        _keep_copy(state)
        for name, words in state.refused.items():
            with_section(state.working, name, words)  # raises: why it is refused
    elif not state.unsaved:
        kept_words.drop(state.mine, state.copy)
    return sentence


def _typed(state: Editing) -> tuple[str, dict[str, str]]:
    """Return the text with what stands in the boxes, and what stands in those that cannot be taken over."""
    if WHOLE in st.session_state:
        text = str(st.session_state[WHOLE] or "")
        return text, {name: words for name, words in state.refused.items() if name in sections_of(text)}
    text, refused = state.working, {}
    for name, before in sections_of(text).items():
        key = section_key(name)
        typed = (
            str(st.session_state[key] or "") if key in st.session_state else state.refused.get(name, before)
        )
        if typed.strip("\n").rstrip() == before.rstrip():
            continue  # also where the whole text has other blank lines around it
        try:
            text = with_section(text, name, typed)
        except AftercloseError:
            refused[name] = typed
    return text, refused


def add_section(report_key: str) -> None:
    """Add a section under the heading that was typed, and save."""

    def act(state: Editing) -> str:
        state.working = with_added(state.working, str(st.session_state.get(HEADING) or ""))
        st.session_state[HEADING] = ""
        return _save(state)

    _changing(report_key, act)


def mode_changed(report_key: str) -> None:
    """Let the other editor start from the same text."""
    changed(report_key)
    _forget_widgets()


def _save(editing: Editing, *, beside: bool = False) -> str:
    """Keep the text in the editor as the next draft and open it, or keep a copy and say what is in the way."""
    if cleaned(editing.working) == editing.opened.text:
        return ""
    base = None if beside else editing.opened.draft or 0
    try:
        draft = save_draft(
            shell.settings(), shell.journal_to_write(), editing.report_key, editing.working,
            person=shell.person(), base=base,
        )  # fmt: skip
    except AftercloseError as error:
        conflict = error.latest if isinstance(error, DraftConflict) else None
        if conflict is None or cleaned(conflict.text) != cleaned(editing.working):
            editing.conflict = conflict
            _keep_copy(editing)
            raise
        draft = conflict  # these very words are saved already: by a save whose end this page did not see
    # at once: a page that is drawn anew may end this at any call of Streamlit, and the draft is there
    editing.opened, editing.conflict = signable_of("", draft), None
    kept_words.drop(editing.mine, editing.copy)
    return f"Saved as draft {draft.number}."


def _keep_copy(editing: Editing) -> None:
    kept_words.keep(editing.mine, editing.copy, {**editing.refused, kept_words.WHOLE: editing.working})


def save_beside(report_key: str) -> None:
    """Save although somebody else was faster: both texts are kept, this one is the newest."""

    def act(state: Editing) -> str:
        other = state.conflict
        note = f" Draft {other.number} of {other.author} is kept and can be opened below." if other else ""
        return _save(state, beside=True) + note

    _changing(report_key, act)


def discard(report_key: str) -> None:
    """Give up what is in the editor and open the newest text."""

    def act(state: Editing) -> str:
        kept_words.drop(state.mine, state.copy)
        return f"This is {name_of(_open(report_key).opened)}."

    _changing(report_key, act)


def reopen(report_key: str) -> None:
    """Open the newest text; what is unsaved stays in the editor."""

    def act(state: Editing) -> str:
        unsaved = (state.working, state.refused) if state.unsaved else ()
        return f"This is {name_of(_open(report_key, *unsaved, copy=state.copy).opened)}."

    _changing(report_key, act)


def open_draft(report_key: str, number_key: str) -> None:
    """Put an older draft into the editor and save it as the newest."""
    number = st.session_state[number_key]

    def act(state: Editing) -> str:
        log = shell.journal()
        drafts = log.drafts(report_key) if log else []
        state.working = next(draft.text for draft in drafts if draft.number == number)
        state.refused = {}
        _forget_widgets()
        return f"{_save(state)} It is draft {number} again.".strip()

    _changing(report_key, act)


def name_of(text: SignableText) -> str:
    """Return what a text is called: the generated text, or a draft by its number."""
    return "the generated text" if text.draft is None else f"draft {text.draft}"


def sections(draft: Editing) -> dict[str, str]:
    """Return the sections that people write, as they stand in the editor."""
    return sections_of(draft.working)
