"""Report: the document, its sections edited in place; contents, sign-off and evidence fixed at its side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.queries.reports.audit import last_signed
from core.queries.reports.document import DocumentSection
from core.queries.runs.run_labels import run_name, short_ids
from core.report.formatting import minute
from core.report.narrative import MAX_CHARACTERS, MAX_HEADING, changes
from core.report.page_charts import HALF, equity
from core.report.sections import ANALYST_SECTIONS
from core.review.comments import SectionComment
from core.review.drafts import SignableText, generated_body, signable
from core.review.standing import Standing
from core.review.standing import standing as standing_of
from dashboard import (
    acting,
    checking,
    commenting,
    compact,
    document,
    editing,
    monospaced,
    report_list,
    shell,
    signoff_panel,
    wrapped,
)
from dashboard.editing import PAGE, Editing
from dashboard.words import literal, sentence

_STANDINGS = {
    "stale": "▲ Stale: the signature no longer holds",
    "in_review": "◐ In review",
    "changes_requested": "◑ Changes requested",
    "rejected": "■ Rejected",
    "revoked": "■ Revoked",
    "superseded": "▽ Superseded",
}
_TEXT_HEIGHT = 620
AS_TEXT, AS_GENERATED, WHAT_CHANGED = "The text as it stands", "The text as it was generated", "What changed"
"""How a screen reader names the windows of text."""

_TABS = ("Document", "Edit text", "Plain text", "As generated", "Changes")
_AGAINST = ("The last signed report", "The generated text")


def show() -> None:
    """Draw the page, or say what is missing."""
    key, run = shell.report_key(), shell.chosen_run()
    if key is None and run is not None:
        st.info(
            f"Run {literal(run_name(run.run_id))} has made no report. The page **Run** shows where it is and why."
        )
        shell.page_link("run", "Open this run", run=run.run_id)
        return
    if key is None:
        st.info(
            "There is no report yet. Open **Runs** and press **Run**; its report is edited and signed here."
        )
        return
    editing.take_over(key)
    draft = editing.editing(key)
    present = signable(shell.store(), shell.journal(), key)
    standing = standing_of(shell.store(), shell.journal(), key)
    _heading(standing)
    report_list.draw(key)
    locked = acting.refusal("save_draft")
    remarks = commenting.by_section(key)
    several = document.sections(key, draft.working)
    text, side = st.columns(document.WIDTHS, gap="medium")
    with text:
        _text(draft, locked, several, remarks, signed=standing.state == "signed")
        signoff_panel.way_to_it(draft)
    with side, st.container(key="report-side"):
        _saving_line(draft, locked)
        _in_the_way(draft, present, locked)
        checking.draw(draft)
        signoff_panel.sign_off(draft, present, standing)
        document.contents(several, remarks)
        signoff_panel.grounds(key)
        commenting.draw(key, several)
        _drafts(draft, locked)


def _heading(standing: Standing) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="standing"):
        if words := _STANDINGS.get(standing.state):  # of any other its badge in the head says everything
            st.markdown(f"**{words}.**", width="content")
            if reason := literal(sentence(standing.reason)):
                st.caption(reason, width="content")


def _newer(key: str, draft: Editing, present: SignableText) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="newer"):
        st.warning(
            f"The report changed since you opened it: you see {editing.name_of(draft.opened)}, the newest is "
            f"{editing.name_of(present)}."
        )
        st.button("Open the newest", key="reopen", on_click=editing.reopen, args=(key,))


def _conflict(draft: Editing) -> None:
    """Show both texts side by side and let the person choose; neither is lost."""
    other = draft.conflict
    assert other is not None, "the caller has looked"
    with st.container(border=True, key="conflict"):
        st.warning(
            f"{literal(other.author)} saved draft {other.number} while you were writing. Yours is not saved yet; it "
            "is kept here, also over a reload."
        )
        words = changes(other.text, draft.working)
        monospaced.scroller(words, label="From their draft to your text", height_px=220, diff=True)
        st.caption(f"From draft {other.number} to the text in your editor.")
        with st.container(horizontal=True):
            args = (draft.report_key,)
            st.button("Save mine as well", key="save_beside", on_click=editing.save_beside, args=args)
            st.button("Take theirs, discard mine", key="discard", on_click=editing.discard, args=args)


# ---- the text


def _text(
    draft: Editing,
    locked: str | None,
    several: Sequence[DocumentSection],
    remarks: Mapping[str, Sequence[SectionComment]],
    *,
    signed: bool,
) -> None:
    """Draw the report as a document, whole to be edited, as text, as it was generated, and what changed."""
    paper, whole, present, before, difference = st.tabs(
        _TABS, key=editing.TABS, on_change=editing.mode_changed, args=(draft.report_key,)
    )
    with whole:
        if whole.open:
            _whole(draft, locked)
    with paper:
        if whole.open:
            st.caption("The whole text is open for editing; the document is here again afterwards.")
        else:
            _document(draft, locked, several, remarks, signed=signed)
    with present:
        monospaced.scroller(draft.opened.text, label=AS_TEXT, height_px=_TEXT_HEIGHT)
        about = (
            f"{editing.name_of(draft.opened).capitalize()}, {len(draft.opened.text):,} characters, SHA-256"
        )
        compact.draw(f'<span class="quiet sealed">{about} {compact.to_copy(draft.opened.sha256)}</span>')
    generated = generated_body(shell.store(), draft.report_key)
    with before:
        monospaced.scroller(generated, label=AS_GENERATED, height_px=_TEXT_HEIGHT)
        st.caption("As the pipeline wrote it; editing never changes it.")
    with difference:
        _difference(draft, generated)


def _document(
    draft: Editing,
    locked: str | None,
    several: Sequence[DocumentSection],
    remarks: Mapping[str, Sequence[SectionComment]],
    *,
    signed: bool,
) -> None:
    written = editing.sections(draft)
    with st.container(key="sections"):
        edit = partial(_section, draft, locked, written)
        body, now = _evaluation(draft.report_key), checking.champion_now(draft.report_key)
        narrow = equity(body, HALF)
        document.draw(several, remarks, edit, evaluation=body, narrow_equity=narrow, now=now, signed=signed)
        for name in ANALYST_SECTIONS:
            if name not in written:
                st.caption(
                    f"The heading **{literal(name)}** is gone from the text. It can be put back under Edit text."
                )
        _another(draft, locked)


def _evaluation(key: str) -> Mapping[str, Any]:
    """Return what the report was drawn from; nothing of a damaged one, of which the side says what is wrong."""
    try:
        return checking.evaluation(key) or {}
    except AftercloseError:
        return {}


def _section(draft: Editing, locked: str | None, written: Mapping[str, str], name: str) -> None:
    editing.seed(editing.section_key(name), draft.refused.get(name, written[name]))
    st.text_area(
        literal(name), key=editing.section_key(name), height="content", max_chars=MAX_CHARACTERS,
        placeholder=_PROMPTS.get(name, "To be written by you"), disabled=locked is not None,
        label_visibility="collapsed", on_change=editing.changed, args=(draft.report_key,),
    )  # fmt: skip


_PROMPTS = {
    "Context": "What happened meanwhile that no figure shows",
    "Business implications": "What follows from this report, and for whom",
    "Risks": "What could go wrong, and how it would be noticed",
    "Ethical considerations": "Who could be harmed, and what is done about it",
}
"""What a person may write under each of the program's own headings, while nothing stands there."""


def _another(draft: Editing, locked: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        off, args = locked is not None, (draft.report_key,)
        st.text_input(
            "Another section",
            key=editing.HEADING,
            max_chars=MAX_HEADING,
            placeholder="Its heading",
            disabled=off,
        )
        st.button("Add", key="add_section", disabled=off, on_click=editing.add_section, args=args)


def _difference(draft: Editing, generated: str) -> None:
    against = st.segmented_control("Against", _AGAINST, default=_AGAINST[1], required=True, key="against")
    if against == _AGAINST[1]:
        _diff(generated, draft.working, "Nothing has been changed yet.")
        return
    signed = last_signed(shell.settings(), shell.journal(), draft.report_key, other_than=draft.opened.sha256)
    if signed is None:
        st.caption("No other report of this profile has been signed yet.")
        return
    content = signed.record.content
    st.caption(
        f"Report `{short_ids(signed.record.subject)}`, approved by {literal(content['user'])} on "
        f"{minute(content['at_utc'])}."
    )
    _diff(signed.text, draft.working, "The text is that of the last signed report.")


def _diff(before: str, after: str, same: str) -> None:
    diff = changes(before, after)
    if diff:
        monospaced.scroller(diff, label=WHAT_CHANGED, height_px=_TEXT_HEIGHT, diff=True)
    else:
        st.caption(same)


# ---- the editor


def _saving_line(draft: Editing, locked: str | None) -> None:
    """Draw whether what was typed is saved; it has a line that is always there, so that nothing moves."""
    kind, message = acting.take_message(PAGE)
    if message and kind == acting.ERROR:
        st.session_state[_REFUSED] = message
    elif message or not draft.unsaved:
        st.session_state.pop(_REFUSED, None)
    with st.container(key="saving"):
        st.html(f'<span id="{document.SIDE}"></span>')
        st.caption(_saving(draft, kind, message, locked))


_REFUSED = "report_refused"


def _in_the_way(draft: Editing, present: SignableText, locked: str | None) -> None:
    """Draw what needs an answer: why something was not saved, somebody else's draft, a newer text."""
    with st.container(key="in-the-way"):
        if refused := st.session_state.get(_REFUSED):
            st.error(literal(refused))
        if draft.conflict is not None:
            _conflict(draft)
        elif draft.unsaved:
            _unsaved(draft, locked)
        elif present.sha256 != draft.opened.sha256:
            _newer(draft.report_key, draft, present)


def _saving(draft: Editing, kind: str, message: str, locked: str | None) -> str:
    """Return in one line whether what was typed is saved."""
    if draft.unsaved or (message and kind == acting.ERROR):
        return ":red[▲ Not saved: what is in the way stands below.]"
    if message:
        return f":green[● {literal(message)}]"
    if locked:
        return f"○ {literal(locked)}"
    return f"● {literal(sentence(editing.name_of(draft.opened)))} Saved as you leave a box."


def _unsaved(draft: Editing, locked: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Save", key="save_draft", type="primary", disabled=locked is not None, help=locked,
                  on_click=editing.changed, args=(draft.report_key,))  # fmt: skip
        st.button("Discard", key="discard", on_click=editing.discard, args=(draft.report_key,))
        st.badge("▲ Unsaved changes", color="orange")


def _whole(draft: Editing, locked: str | None) -> None:
    editing.seed(editing.WHOLE, draft.working)
    with st.container(key="whole"):
        st.text_area(
            "Whole text", key=editing.WHOLE, height=_TEXT_HEIGHT, max_chars=MAX_CHARACTERS,
            label_visibility="collapsed", disabled=locked is not None,
            on_change=editing.changed, args=(draft.report_key,),
        )  # fmt: skip


def _drafts(draft: Editing, locked: str | None) -> None:
    log = shell.journal()
    drafts = log.drafts(draft.report_key) if log else []
    with st.expander(f"Drafts ({len(drafts):,})", key="drafts"):
        if not drafts:
            st.caption("None yet. Each save is kept here with its number, time and author.")
            return
        columns: dict[str, list[object]] = {
            "Draft": [str(d.number) for d in drafts],
            "Saved": [minute(d.at) for d in drafts],
            "Author": [d.author for d in drafts],
            "Characters": [len(d.text) for d in drafts],
        }
        wrapped.table(columns, "drafts_table", most_px=320)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Draft", [d.number for d in drafts], key="draft_number", width=120)
            off, args = locked is not None, (draft.report_key, "draft_number")
            st.button(
                "Make it the newest", key="open_draft", disabled=off, on_click=editing.open_draft, args=args
            )


with shell.guarded():
    show()
