"""The side of the report page: the last signature, the next act, what was published, and the evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import streamlit as st

from core.errors import AftercloseError, ParameterError
from core.paths import StoragePath
from core.queries.reports import tables
from core.queries.runs.run_labels import short_ids
from core.report.formatting import counted, minute
from core.report.narrative import marked_as_draft, unwritten
from core.review.approvals import approvals
from core.review.drafts import SignableText
from core.review.judgements import MEANINGS, judge_login
from core.review.openssh import MOST_CHARACTERS, command_for
from core.review.publication import published, published_before
from core.review.since import sentences
from core.review.standing import Standing, subjects
from dashboard import acting, checking, compact, document, editing, kept_words, login, shell, signing, wrapped
from dashboard.editing import Editing
from dashboard.words import literal, sentence

_MEANINGS = {
    "approved": "Approved: may be published",
    "reviewed": "Reviewed: read, not yet approved",
    "rejected": "Rejected: the comment says why",
}
_OPEN = ("draft", "changes_requested", "rejected", "revoked", "stale")


def grounds(key: str) -> None:
    """Draw what a signature rests on: what changed since the last signed report, and the evidence."""
    _since(key)
    _evidence(key)


def _evidence(key: str) -> None:
    try:
        body, rests_on = checking.evaluation(key), subjects(shell.store(), key)
    except AftercloseError as error:
        shell.problem(error)
        return
    with st.expander(f"What a signature rests on ({len(rests_on):,} files)", key="subjects"):
        evidence = (
            [(name, short_ids(value)) for name, value in tables.evidence(body)] if body is not None else []
        )
        wrapped.facts([("Report", wrapped.Drawn(compact.to_copy(key))), *evidence], "evidence")
        digests = [wrapped.Drawn(compact.short_id(digest)) for digest in rests_on.values()]
        wrapped.table({"File": list(rests_on), "Digest": digests}, "subjects_table")


def _since(key: str) -> None:
    """Draw what changed since the report of the same profile that was signed last."""
    since = checking.since(shell.settings(), key)
    if since is None or not since.changes:
        st.caption(sentence(literal(sentences(since.entry() if since else None))))
        return
    st.subheader("Since the last signed report", anchor=False)
    content = since.record.content
    by = f"approved by {literal(content['user'])} on {minute(content['at_utc'])}"
    st.caption(f"Report `{short_ids(since.record.subject)}`, {by}.")
    changes = since.changes
    columns = {
        "What": [change.what for change in changes],
        "Then": [change.before for change in changes],
        "Now": [change.now for change in changes],
    }
    wrapped.table(columns, "since_table", most_px=420)


def way_to_it(draft: Editing) -> None:
    """Draw, at the foot of a narrow page, what is still to be written and the way to signing, which comes below."""
    missing = unwritten(draft.opened.text)
    words = f"{counted(len(missing), 'section')} to be written" if missing else "Every section is written"
    with st.container(key="to-sign"):
        ways = f'<a href="#{document.WRITTEN_PLACE}" target="_self" class="to-page">{words}</a>'
        st.html(f'{ways}<a href="#{document.SIDE}" target="_self" class="press">Go to sign-off</a>')


def sign_off(draft: Editing, present: SignableText, standing: Standing) -> None:
    """Draw the last signature, the next act, and what was published."""
    st.subheader("Sign-off", anchor=False)
    try:
        among = approvals(shell.settings(), shell.journal(), draft.report_key).of_text(present.sha256)
    except ParameterError as error:  # how many must sign, and who, is not known: nobody signs
        st.error(literal(str(error)))
        return
    with st.container(
        key="sign-off-state"
    ):  # always there: a save that changes it leaves the comment below alone
        if standing.record is not None:
            _signature(standing)
        if among.sentence:
            st.caption(f"{'●' if not among.missing else '◐'} **{literal(sentence(among.sentence))}**")
        if standing.state == "signed" and not among.missing:
            _publication(draft.report_key)
        else:
            _earlier(draft.report_key)
    _act(draft, standing, more=standing.state == "signed" and bool(among.missing))
    with st.container(key="own-key"):  # always there, so that what follows keeps its place
        _own_key(draft.report_key)
    _downloads(draft.report_key, present, standing)


def _signature(standing: Standing) -> None:
    assert standing.record is not None, "the caller has looked"
    content = standing.record.content
    review = "" if content.get("independent_review", True) else ", no independent review"
    facts = {
        "Last record": f"{content['meaning']} by {content['user']} ({content['role']}{review})",
        "Time": minute(content["at_utc"]),
        "Comment": content["comment"] or "none",
        "Text": wrapped.Drawn(f"SHA-256 {compact.to_copy(content['text_sha256'] or '')}"),
        "Record": wrapped.Drawn(f"{standing.record.seq}, SHA-256 {compact.to_copy(standing.record.hash)}"),
    }
    wrapped.facts(facts.items(), "signature")


def _act(draft: Editing, standing: Standing, *, more: bool) -> None:
    """Draw the acts that this state allows, with one comment for whichever is chosen; below, what is signed.

    ``more``: signed, and its profile asks for further people.
    """
    signing_next = more or standing.state in (*_OPEN, "in_review")
    with st.container(border=True, key="act"):
        with st.container(key="meanings"):
            if signing_next:  # outside the form: what is chosen decides whether Sign can be pressed
                st.radio(
                    "Meaning", MEANINGS, index=None, key=signing.MEANING, format_func=_MEANINGS.__getitem__
                )
        with st.form("sign_form", border=False):
            kept_words.bring_back(signing.PLACE, signing.COMMENT, draft.report_key)
            st.text_area("Comment", key=signing.COMMENT, height=90, max_chars=10_000)
            with st.container(horizontal=True, vertical_alignment="center"):
                _buttons(draft, standing, signing_next=signing_next)
            if signing_next:  # always a line: what follows keeps its place
                chosen = st.session_state.get(signing.MEANING)
                st.caption(f"● Signs as {chosen}." if chosen else "○ Choose a meaning to sign.")
    acting.show_message(signing.PLACE)  # beside the button: the top of the page may be out of sight
    if draft.unsaved:
        st.caption("▲ Save or discard your changes first: a signature is for the saved text.")
    with st.container(key="signing-as"):
        _who(draft, signing_next=signing_next)


def _own_key(report_key: str) -> None:
    """Draw what waits for the person's own key: the command that signs it, and where the signature goes."""
    waiting = signing.waiting(report_key)
    if waiting is None:
        _register_key(report_key)
        return
    st.markdown(f"◐ **Waiting for your own key** `{waiting.fingerprint}`")
    st.caption("Run this where the key is (its file may be another one), and paste what it prints.")
    st.code(command_for(waiting.text), language="sh", wrap_lines=True)
    with st.form("own_key_form"):
        st.text_area("Signature", key=signing.PASTED, height=150, max_chars=MOST_CHARACTERS)
        with st.container(horizontal=True):
            st.form_submit_button(
                "Hand in the signature", key="hand_in", type="primary", on_click=signing.hand_in
            )
            st.form_submit_button("Give up", key="give_up", on_click=signing.give_up)


def _register_key(report_key: str) -> None:
    reason = acting.refusal("register_key")
    with st.expander("A key of your own", key="register_own_key"), st.form("register_form", border=False):
        st.caption(
            "Once your OpenSSH key is registered nothing is signed in your name without it: not by whoever has your "
            "login, nor by whoever has this desk."
        )
        st.text_input(
            "Public half", key=signing.PUBLIC, placeholder="ssh-ed25519 AAAA...", max_chars=MOST_CHARACTERS
        )
        st.form_submit_button(
            "Register", key="register_key", on_click=signing.register_key, args=(report_key,), help=reason,
            disabled=reason is not None,
        )  # fmt: skip


def _who(draft: Editing, *, signing_next: bool) -> None:
    who = shell.person()
    try:
        judge_login(shell.settings(), who, datetime.now(UTC))
    except AftercloseError as error:
        st.caption(f"▲ {literal(str(error))}")
        login.again()
    how = f" ({literal(who.authentication)})" if who.logged_in else ""
    you = f"You are **{literal(who.name)}**, {literal(who.role)}{how}."
    if not signing_next:
        st.caption(you)
        return
    alone = "" if who.logged_in else " Without a login a signature is stamped **no independent review**."
    st.caption(
        f"{you}{alone} What is signed is {editing.name_of(draft.opened)}, whole under **Plain text**, SHA-256 "
        f"`{short_ids(draft.opened.sha256)}`."
    )
    if open_sections := unwritten(draft.opened.text):
        ways = ", ".join(
            f'<a href="#{document.anchor(title)}" target="_self" class="to-page">{escape(title)}</a>'
            for title in open_sections
        )
        words = f"○ Still to be written: {ways}. An approval then needs a comment that says why."
        compact.draw(f'<span class="still-open">{words}</span>')


def _buttons(draft: Editing, standing: Standing, *, signing_next: bool) -> None:
    text = (draft.report_key, draft.opened.sha256)
    if signing_next:
        chosen = st.session_state.get(signing.MEANING) is not None
        off = draft.unsaved or not chosen
        _button("Sign", "sign", "sign", signing.sign, text, off=off, primary=True)
    if standing.state in _OPEN:
        _button("Submit for review", "submit", "submit", signing.submit, text, off=draft.unsaved)
    if standing.state == "in_review":
        _button("Request changes", "request_changes", "request_changes", signing.request_changes, text)
    if standing.state in ("signed", "stale"):
        _button("Revoke", "revoke", "revoke", signing.revoke, (draft.report_key,))


def _button(
    label: str,
    key: str,
    action: str,
    act: object,
    args: tuple[str, ...],
    *,
    off: bool = False,
    primary: bool = False,
) -> None:
    reason = acting.refusal(action)
    st.form_submit_button(
        label, key=key, type="primary" if primary else "secondary", help=reason,
        disabled=off or reason is not None, on_click=act, args=args,  # type: ignore[arg-type]  # one of signing's functions
    )  # fmt: skip


def _publication(key: str) -> None:
    folder = published(shell.settings().data, shell.journal(), key)
    st.caption(
        ":green[● Published: the files are as they were signed.]" if folder else "○ Not published yet."
    )
    if folder is None:
        reason = acting.refusal("publish")
        st.button("Publish", key="publish", type="primary", on_click=signing.publish_now, args=(key,),
                  disabled=reason is not None, help=reason)  # fmt: skip
        return
    _files(key, folder)


def _files(key: str, folder: StoragePath) -> None:
    st.caption(f"In `{folder}`")
    with st.container(horizontal=True, key="published"):
        for name, mime in signing.files(folder):
            st.download_button(
                name,
                signing.loader(folder, name),
                f"{key}-{name}",
                mime,
                key=f"download_{name}",
                on_click="ignore",
            )


def _earlier(key: str) -> None:
    """Draw what was published under a signature that holds no longer: the files are still where others read them."""
    folder = published_before(shell.settings().data, shell.journal(), key)
    if folder is not None:
        st.caption(":orange[▲ Published before; that signature no longer holds. The files are still there.]")
        _files(key, folder)


def _downloads(key: str, present: SignableText, standing: Standing) -> None:
    if standing.state == "signed":
        st.download_button(
            "Download the signed text", signing.text_loader(key), f"{key}-signed.txt", "text/plain",
            key="download_signed", on_click="ignore",
        )  # fmt: skip
        return
    st.download_button(
        "Download marked as draft", marked_as_draft(present.text), f"DRAFT-{key}.txt", "text/plain",
        key="download_draft", on_click="ignore",
    )  # fmt: skip
