"""A look at the file that a run would read, before it is started: how it is read, and what the gate would say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from core.errors import AftercloseError
from core.prices.rule_summaries import RuleSummary
from core.queries.look import Look, basis_sentence, fit_sentence, look_apart
from core.report.figures import counted
from dashboard import acting, shell
from dashboard.words import literal

_LOOK = "look"
"""In the session: the request that was looked at, and what came of it."""


def show(request: Mapping[str, str]) -> None:
    """Draw the button below the path, and what the last look at this very request showed."""
    subject = dict(request)
    if st.button(
        "Look at it first",
        icon=":material/visibility:",
        key="look-at",
        disabled=acting.refusal("launch") is not None,
    ):
        with st.spinner("Reading and judging it"):
            st.session_state[_LOOK] = (subject, _answer(subject))
    remembered = st.session_state.get(_LOOK)
    if remembered is None or remembered[0] != subject:
        return
    with st.container(border=True, key="look"):
        if isinstance(remembered[1], AftercloseError):
            shell.problem(remembered[1])
        else:
            _draw(remembered[1])


def _answer(request: Mapping[str, str]) -> Look | AftercloseError:
    try:
        return look_apart(shell.settings(), request, now=datetime.now(UTC))
    except AftercloseError as error:
        return error


def _draw(look: Look) -> None:
    span = f" from {look.first} to {look.last}" if look.first else ""
    st.markdown(
        f"**{literal(look.name)}**: {counted(look.rows, 'row')} of {counted(len(look.tickers), 'ticker')}, "
        f"{counted(look.sessions, 'session')}{span}."
    )
    for sentence in (*look.advice(), fit_sentence(look), basis_sentence(look)):
        st.markdown(literal(sentence))
    st.dataframe(list(look.first_rows), hide_index=True)
    for group in look.rules():
        _rule(group)
    with st.expander(f"{counted(len(look.tickers), 'ticker')}", key="look-tickers"):
        st.dataframe([{"ticker": name, **about} for name, about in look.tickers.items()], hide_index=True)


def _rule(group: RuleSummary) -> None:
    error = group.severity == "error"
    symbol = ":red[:material/error:]" if error else ":orange[:material/warning:]"
    st.markdown(
        f"{symbol} **{literal(group.rule)}** {literal(group.example)}{literal(group.more)}  \n"
        f"{literal(f'Expected {group.expected}. {group.action}')}"
    )
    if group.lines:
        st.code("\n".join(group.lines), language=None)
