"""The options of a run by plain name and unit, in groups or by words; what differs from the defaults is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.parameters import Parameter, Value
from core.report.formatting import counted
from core.request.form_words import plain_name
from dashboard import compact, form_state
from dashboard.fields import LIVE, DrawnFields, with_unit

Groups = Mapping[str, Sequence[Parameter]]
CHANGED = "Changed"
_WORDS, _GROUP, _OPEN = "option-words", "option-group", "more"


def changed(groups: Groups, defaults: Mapping[str, Value]) -> list[Parameter]:
    """Return the options in use that differ from their defaults."""
    return [
        each
        for group in groups.values()
        for each in group
        if form_state.is_changed(each.name, defaults[each.name])
    ]


def show(drawn: DrawnFields, groups: Groups, defaults: Mapping[str, Value]) -> None:
    """Draw the options that the run would use.

    Parameters
    ----------
    drawn : DrawnFields
        Takes the places for what is wrong.
    groups : mapping of str to sequence of Parameter
        The options in use, by heading.
    """
    differing = changed(groups, defaults)
    every = sum(map(len, groups.values()))
    state = f"{len(differing)} changed" if differing else "all at their defaults"
    # the state is no part of the label: another label would be another panel, and closed
    compact.draw(f"<style>body .st-key-{_OPEN} summary::after {{ content: '{state}'; }}</style>")
    with st.expander("**3 · Options**", key=_OPEN, on_change="rerun") as panel:
        if not panel.open:
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="option-search"):
            words = st.text_input(
                "Find an option",
                key=_WORDS,
                type="search",
                live=LIVE,
                placeholder="name, unit or purpose",
                width=190,
            )
            st.button(
                "All back to default", icon=":material/restart_alt:", key="options-reset", disabled=not differing,
                on_click=form_state.reset, args=tuple(each.name for each in differing),
            )  # fmt: skip
        st.caption(f"{counted(every, 'option')} that this run uses.")
        names = [*groups, *([CHANGED] if differing else [])]
        if st.session_state.get(_GROUP) not in names:
            st.session_state[_GROUP] = names[0]
        group = st.pills(
            "Group", names, key=_GROUP, required=True, label_visibility="collapsed", disabled=bool(words),
            format_func=lambda name: _with_count(str(name), groups, differing),
        )  # fmt: skip
        _fields(drawn, _chosen(groups, words, str(group), differing), defaults, headed=bool(words))


def _with_count(name: str, groups: Groups, differing: Sequence[Parameter]) -> str:
    count = len(differing) if name == CHANGED else sum(each in differing for each in groups.get(name, ()))
    return f"{name} · {count}" if count else name


def _chosen(groups: Groups, words: str, group: str, differing: Sequence[Parameter]) -> Groups:
    """Return what is drawn: what answers to the words, else the group that is chosen."""
    if words:
        terms = words.casefold().split()
        matching = {
            heading: [each for each in several if all(word in _text(heading, each) for word in terms)]
            for heading, several in groups.items()
        }
        return {heading: several for heading, several in matching.items() if several}
    return {group: differing} if group == CHANGED else {group: groups[group]}


def _text(heading: str, parameter: Parameter) -> str:
    words = (heading, with_unit(parameter), parameter.name, parameter.name.replace("_", " "), parameter.help)
    return " ".join(words).casefold()


def _fields(drawn: DrawnFields, groups: Groups, defaults: Mapping[str, Value], *, headed: bool) -> None:
    if not groups:
        st.caption("No option that this run uses answers to these words.")
    for heading, parameters in groups.items():
        if headed:
            st.caption(f"**{heading}**")
        with st.grid(2, min_column_width=180):
            for parameter in parameters:
                with st.container(key=f"option-{parameter.name}", gap="xxsmall"):
                    _field(drawn, parameter, defaults[parameter.name])


def _field(drawn: DrawnFields, parameter: Parameter, default: Value) -> None:
    differs = form_state.is_changed(parameter.name, default)
    mark = ":orange[:material/edit:] " if differs else ""
    drawn.draw(parameter, default, label=f"{mark}{with_unit(parameter)}")
    text = _as_text(parameter, default)
    if not differs:
        st.caption("default")
        return
    st.button(
        f"Back to {text}", icon=":material/undo:", key=f"reset-{parameter.name}", type="tertiary",
        on_click=form_state.reset, args=(parameter.name,),
    )  # fmt: skip


def _as_text(parameter: Parameter, value: Value) -> str:
    text = parameter.text(value).replace("_", " ").replace(",", ", ") if value not in (None, "") else "none"
    return text if len(text) <= 30 else f"{text[:27]}..."


def summary(groups: Groups, defaults: Mapping[str, Value]) -> str:
    """Return the options that differ from their defaults in one line, empty where none does."""
    differing = changed(groups, defaults)
    return ", ".join(
        f"{plain_name(each.name)} {_as_text(each, form_state.value_of(each.name, defaults[each.name]))}"
        for each in differing
    )
