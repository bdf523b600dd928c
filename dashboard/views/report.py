"""Report: the text on one side, the editor on the other, sign-off below."""

from __future__ import annotations

import streamlit as st

from core.errors import AftercloseError
from core.report import tables
from core.report.narrative import MAX_CHARACTERS, changes, marked_as_draft, sections_of, unwritten
from core.report.sections import ANALYST_SECTIONS
from core.review import signoff
from core.review.bundle import signed_document
from core.review.publication import published
from core.review.signoff import MEANINGS, SignableText, Standing
from core.store.checkpoints import Slot
from core.store.lineage import keys_behind
from dashboard import data, editing, shell
from dashboard.editing import Editing
from dashboard.words import minute, plain, sentence

_STANDINGS = {
    "draft": ("○ Draft, not signed", "gray"),
    "signed": ("● Signed", "green"),
    "stale": ("▲ Stale: the signature no longer holds", "orange"),
    "in_review": ("◐ In review", "blue"),
    "changes_requested": ("◑ Changes requested", "orange"),
    "rejected": ("■ Rejected", "red"),
    "revoked": ("■ Revoked", "red"),
    "superseded": ("▽ Superseded", "gray"),
}
_MEANINGS = {
    "approved": "Approved: may be published",
    "reviewed": "Reviewed: read, not yet approved",
    "rejected": "Rejected: the comment says why",
}
_TEXT_HEIGHT = 620
_MODES = ("Sections", "Whole text")


def show() -> None:
    """Draw the page, or say what is missing."""
    key = shell.report_key()
    if key is None:
        st.info(
            "There is no report yet. Open **Runs** and press **Run**; its report is edited and signed here."
        )
        return
    held = editing.editing(key)
    present = signoff.signable(shell.store(), shell.journal(), key)
    standing = signoff.standing(shell.store(), shell.journal(), key)
    _heading(key, standing)
    _said()
    if present.sha256 != held.opened.sha256:
        _newer(key, held, present)
    whole = st.session_state.get("edit_mode") == _MODES[1]
    text, editor = st.columns([1, 1] if whole else [5, 3], gap="medium")
    with text:
        _text(held)
    with editor:
        _editor(held)
    st.divider()
    evidence, sign_off = st.columns([5, 3], gap="medium")
    with evidence:
        _evidence(key)
    with sign_off:
        _sign_off(held, present, standing)


def _heading(key: str, standing: Standing) -> None:
    word, colour = _STANDINGS[standing.state]
    with st.container(horizontal=True, vertical_alignment="center", key="standing"):
        st.badge(word, color=colour)  # type: ignore[arg-type]  # a literal of the table above
        st.caption(f"Report `{key}`. {plain(sentence(standing.reason))}".strip(), width="content")


def _said() -> None:
    told = editing.said()
    if told and told[1]:
        (st.success if told[0] == "success" else st.error)(plain(told[1]))


def _newer(key: str, held: Editing, present: SignableText) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="newer"):
        st.warning(
            f"The report changed since you opened it: you see {editing.name_of(held.opened)}, the newest is "
            f"{editing.name_of(present)}."
        )
        st.button("Open the newest", key="reopen", on_click=editing.reopen, args=(key,))


# ---- the text


def _text(held: Editing) -> None:
    st.subheader("Text", anchor=False)
    generated = signoff.generated_body(shell.store(), held.report_key)
    present, before, difference = st.tabs(["Present", "Generated", "Changes"], key="text_tabs")
    with present:
        st.code(held.opened.text, language=None, height=_TEXT_HEIGHT)
        digest = editing.short(held.opened.sha256)
        st.caption(
            f"{editing.name_of(held.opened).capitalize()}, {len(held.opened.text):,} characters, SHA-256 `{digest}`"
        )
    with before:
        st.code(generated, language=None, height=_TEXT_HEIGHT)
        st.caption("As the pipeline wrote it; editing never changes it.")
    with difference:
        diff = changes(generated, held.working)
        if diff:
            st.code(diff, language="diff", height=_TEXT_HEIGHT)
            st.caption("The text in the editor against the generated one.")
        else:
            st.caption("Nothing has been changed yet.")


# ---- the editor


def _editor(held: Editing) -> None:
    st.subheader("Edit", anchor=False)
    sections, whole = st.tabs(list(_MODES), key="edit_mode", on_change=editing.mode_changed)
    if whole.open:
        with whole:
            _whole(held)
    else:
        with sections:
            _sections(held)
    with st.container(horizontal=True, vertical_alignment="center"):
        locked = not shell.can_write()
        key = (held.report_key,)
        st.button(
            "Save draft", key="save_draft", type="primary", disabled=locked, on_click=editing.save, args=key
        )
        st.button("Discard", key="discard", disabled=not held.unsaved, on_click=editing.discard, args=key)
        if held.unsaved:
            st.badge("▲ Unsaved changes", color="orange")
    _drafts(held)


def _sections(held: Editing) -> None:
    written = sections_of(held.working)
    for name in ANALYST_SECTIONS:
        if name not in written:
            st.caption(f"The heading **{name}** is gone from the text. It can be put back under Whole text.")
            continue
        editing.seed(editing.section_key(name), written[name])
        st.text_area(
            name, key=editing.section_key(name), height=120, max_chars=MAX_CHARACTERS,
            placeholder="To be written by you", on_change=editing.section_changed, args=(held.report_key, name),
        )  # fmt: skip


def _whole(held: Editing) -> None:
    editing.seed(editing.WHOLE, held.working)
    st.text_area(
        "Whole text", key=editing.WHOLE, height=_TEXT_HEIGHT - 60, max_chars=MAX_CHARACTERS,
        label_visibility="collapsed", on_change=editing.whole_changed, args=(held.report_key,),
    )  # fmt: skip


def _drafts(held: Editing) -> None:
    known = shell.journal()
    drafts = known.drafts(held.report_key) if known else []
    with st.expander(f"Drafts ({len(drafts):,})", key="drafts"):
        if not drafts:
            st.caption("None yet. Each save is kept here with its number, time and author.")
            return
        rows = [
            {"Draft": d.number, "Saved": minute(d.at), "Author": d.author, "Characters": f"{len(d.text):,}"}
            for d in drafts
        ]
        st.dataframe(rows, hide_index=True, key="drafts_table")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Draft", [d.number for d in drafts], key="draft_number", width=120)
            args = (held.report_key, "draft_number")
            st.button("Open in the editor", key="open_draft", on_click=editing.open_draft, args=args)


# ---- sign-off


def _evidence(key: str) -> None:
    st.subheader("Evidence", anchor=False)
    store = shell.store()
    try:
        artifact = data.held(store, keys_behind(store, Slot("report", key)), "evaluation")
        if artifact is not None:
            body = data.document(store, artifact)
            st.text(body["verdict_sentence"])
            st.table(dict(tables.evidence(body)), border="horizontal")
        subjects = signoff.subjects(store, key)
    except AftercloseError as error:
        shell.problem(error)
        return
    with st.expander(f"What a signature rests on ({len(subjects):,} files)", key="subjects"):
        rows = [{"File": name, "SHA-256": editing.short(digest)} for name, digest in subjects.items()]
        st.dataframe(rows, hide_index=True, key="subjects_table")


def _sign_off(held: Editing, present: SignableText, standing: Standing) -> None:
    st.subheader("Sign-off", anchor=False)
    if standing.record is not None:
        _signature(standing)
    if standing.state == "signed":
        _publication(held.report_key)
    else:
        _sign(held)
    _downloads(held.report_key, present, standing)


def _signature(standing: Standing) -> None:
    assert standing.record is not None, "the caller has looked"
    said = standing.record.content
    st.table(
        {
            "Last signature": f"{plain(said['meaning'])} by {plain(said['user'])} ({plain(said['role'])})",
            "Time": f"{said['at_utc'][:16].replace('T', ' ')} UTC",
            "Comment": plain(said["comment"]) or "none",
            "Text": f"SHA-256 {editing.short(said['text_sha256'])}",
            "Record": f"{standing.record.seq}, SHA-256 {editing.short(standing.record.hash)}",
        },
        border="horizontal",
    )


def _sign(held: Editing) -> None:
    who = shell.person()
    st.caption(
        f"You sign as **{plain(who.name)}**, role **{plain(who.role)}** (from the settings), "
        f"{editing.name_of(held.opened)} with SHA-256 `{editing.short(held.opened.sha256)}` as shown above."
    )
    open_sections = unwritten(held.opened.text)
    if open_sections:
        st.caption(f"○ Still to be written: {', '.join(open_sections)}. An approval then needs a comment.")
    with st.form("sign_form"):
        st.radio("Meaning", MEANINGS, index=None, key=editing.MEANING, format_func=_MEANINGS.__getitem__)
        st.text_area("Comment", key=editing.COMMENT, height=90, max_chars=10_000)
        st.form_submit_button(
            "Sign", key="sign", type="primary", on_click=editing.sign, args=(held.report_key,),
            disabled=held.unsaved or not shell.can_write(),
        )  # fmt: skip
    if held.unsaved:
        st.caption("▲ Save or discard your changes first: a signature is for the saved text.")


def _publication(key: str) -> None:
    folder = published(shell.settings().data, shell.journal(), key)
    if folder is not None:
        st.success("Published, and the files are as they were signed.")
        st.code(str(folder), language=None, wrap_lines=True)
        return
    st.button(
        "Publish", key="publish", type="primary", on_click=editing.publish_now, args=(key,),
        disabled=not shell.can_write(),
    )  # fmt: skip


def _downloads(key: str, present: SignableText, standing: Standing) -> None:
    if standing.state == "signed" and standing.record is not None:
        st.download_button(
            "Download the signed text", signed_document(present.text, standing.record), f"{key}-signed.txt",
            "text/plain", key="download_signed", on_click="ignore",
        )  # fmt: skip
        return
    st.download_button(
        "Download marked as draft", marked_as_draft(present.text), f"DRAFT-{key}.txt", "text/plain",
        key="download_draft", on_click="ignore",
    )  # fmt: skip


with shell.guarded():
    show()
