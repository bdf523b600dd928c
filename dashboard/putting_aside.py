"""Putting something of the inbox aside with a reason, and taking it up again."""

from __future__ import annotations

import streamlit as st

from core.queries.operations.attention import Need, PutAside
from core.report.formatting import minute
from core.review import aside
from dashboard import acting, kept_words, shell
from dashboard.words import literal

PLACE = "inbox"
"""Where what the buttons have to say is drawn: above the inbox."""

_WHY, _ASKED_ABOUT = "aside-why", "aside-need"


def offer(need: Need) -> None:
    """Draw the button that asks for the reason."""
    reason = acting.refusal("decide")
    st.button(
        "Put aside", key=f"put-{need.mark}", type="tertiary", disabled=reason is not None, help=reason,
        on_click=_want, args=(need,),
    )  # fmt: skip


def _want(need: Need | None) -> None:
    st.session_state[_ASKED_ABOUT] = need


def ask() -> None:
    """Ask for the reason where the button was pressed; what is typed stays while the page refreshes itself."""
    need: Need | None = st.session_state.get(_ASKED_ABOUT)
    with st.container(key="aside-ask"):
        if need is not None:
            _form(need)


def _form(need: Need) -> None:
    with st.form("aside-form"):
        st.markdown(f"Put aside: **{literal(need.line)}**, {need.what}")
        kept_words.bring_back(PLACE, _WHY, need.mark)
        st.text_input("Why", key=_WHY, max_chars=1000, placeholder="In a sentence; it is kept on record")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Put aside", type="primary", key="aside-confirm", on_click=_put, args=(need,)
            )
            st.form_submit_button("Cancel", key="aside-cancel", on_click=_want, args=(None,))


def _put(need: Need) -> None:
    if acting.saying(PLACE, lambda: _done(aside.put_aside, need, str(st.session_state[_WHY]))):
        st.session_state[_WHY] = ""
        _want(None)


def _done(act: object, need: Need, why: str) -> str:
    record = act(  # type: ignore[operator]  # one of the two acts of core.review.aside
        shell.settings(), shell.journal_to_write(), need.about, why, person=shell.person()
    )
    return f"Recorded: {need.line}, {need.what}, {record.content['decision']}, record {record.seq}."


def draw(entries: tuple[PutAside, ...]) -> None:
    """Draw what is put aside, closed, each with its way back."""
    if not entries:
        return
    with st.expander(f"Put aside ({len(entries):,})", key="aside"):
        for entry in entries:
            with st.container(horizontal=True, vertical_alignment="center", key=f"aside-{entry.need.mark}"):
                st.markdown(
                    f"**{literal(entry.need.line)}**, {entry.need.what}: {literal(entry.why)} "
                    f":gray[({literal(entry.who)}, {minute(entry.at)})]"
                )
                _back(entry)


def _back(entry: PutAside) -> None:
    reason = acting.refusal("decide")

    def act() -> None:
        acting.saying(PLACE, lambda: _done(aside.take_up, entry.need, "taken up again on the desk"))

    st.button(
        "Take up again", key=f"back-{entry.need.mark}", on_click=act, disabled=reason is not None, help=reason
    )
