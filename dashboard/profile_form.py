"""The form of a profile, new or changed: what it reads, how it runs, further settings; its section of luigi.cfg."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import AftercloseError, ParameterError
from core.request.form_words import plain_name
from core.request.settings import Settings
from core.sources.reading import FILES
from core.upkeep import profile_section
from core.upkeep.profile_section import SectionDraft, editable
from dashboard import acting, asking, parts, shell
from dashboard.fields import CHOICES, with_unit
from dashboard.requesting import SOURCE_NAMES
from dashboard.words import literal

MAIN = ("source", "path", "tickers", "calendar", "mode", "horizon_sessions")
"""What has a field of its own; every other parameter is a line of the further settings."""

_OPEN = "profile-form"
"""In the session: the draft that the form begins with, and whether it is of a new profile."""


def ask(profile: str, *, like: str = "") -> None:
    """Let the page open the form: of a profile, or with an empty name of a new one, such as ``like``."""
    try:
        st.session_state[_OPEN] = profile_section.draft_of(shell.settings(), profile, like=like)
    except AftercloseError as error:
        shell.problem(error)


def closed() -> None:
    """Let the form be gone."""
    st.session_state.pop(_OPEN, None)


def show() -> None:
    """Draw the form if it was asked for."""
    draft = st.session_state.get(_OPEN)
    if isinstance(draft, SectionDraft):
        dialog = parts.question(
            f"Settings of {draft.profile}" if draft.profile else "New profile",
            width="large",
            on_dismiss=closed,
        )
        dialog(_form)(draft)


def _form(draft: SectionDraft) -> None:
    settings = shell.settings()
    name = draft.profile or st.text_input("Name", placeholder="us-megacaps", key="profile-name").strip()
    with st.grid(2, min_column_width=220):
        texts = {each: _field(each, draft, settings) for each in MAIN}
    further = st.text_area(
        "Further settings, one a line", _lines(draft.texts), height=110, key="profile-further",
        placeholder="min_rows = 60", help="Keys and values as in luigi.cfg.",
    )  # fmt: skip
    elsewhere = [each for each in settings.profiles.get(draft.profile, {}) if each not in editable()]
    words = f" Set in luigi.cfg alone, and kept: {literal(', '.join(elsewhere))}." if elsewhere else ""
    st.caption(f"It counts from the next run on; champion, reports and earlier runs stay.{words}")
    off = profile_section.why_not(settings) or acting.refusal("schedule")
    try:
        texts = _set(texts, draft, settings) | _parsed(further)
    except ParameterError as error:
        st.error(literal(str(error)))
        return
    if off:
        st.caption(literal(f"○ {off} This is what it would be:"))
        st.code(profile_section.section_lines(name or "NAME", texts), language="ini")
        return
    with st.container(horizontal=True):
        why = None if name else "Give it a name first."
        pressed = st.button("Save", type="primary", key="profile-save", disabled=not name, help=why)
        asking.leave("profile-save", forget=closed)
    if pressed:
        _save(settings, draft, name, texts)


def _save(settings: Settings, draft: SectionDraft, name: str, texts: Mapping[str, str]) -> None:
    try:
        if not draft.profile and name in {*settings.profiles, *settings.profile_faults}:
            raise ParameterError(f"there is a profile {name} already", expected="another name")
        renamed = SectionDraft(name, draft.texts, draft.file_sha256)
        profile_section.write_section(settings, renamed, texts, person=shell.person())
    except (AftercloseError, OSError) as error:
        st.error(literal(str(error)))
        return
    closed()
    shell.notice(f"{name} is saved in luigi.cfg.")
    st.rerun()


def _field(name: str, draft: SectionDraft, settings: Settings) -> str:
    """Draw the field of a parameter with what the section sets, else what holds without it, and return its text."""
    parameter = editable()[name]
    text = draft.texts.get(name, parameter.text(settings.defaults[name]))
    key, label = f"profile-{name}", with_unit(parameter)
    if parameter.kind == "choice":
        options = list(dict.fromkeys([*parameter.choices, text]))
        words = {**SOURCE_NAMES, **CHOICES}
        return str(st.selectbox(label, options, options.index(text), key=key, help=parameter.help,
                                format_func=lambda each: words.get(each, each)))  # fmt: skip
    hint = {"path": "with Files: a file, a folder or an address", "tickers": "all"}.get(name)
    return st.text_input(label, text, key=key, placeholder=hint, help=parameter.help)


def _set(texts: Mapping[str, str], draft: SectionDraft, settings: Settings) -> dict[str, str]:
    """Return what the section is to set: what it sets already, and what is not so without it; no path but of files."""
    texts = {name: text for name, text in texts.items() if name != "path" or texts["source"] == FILES}
    usual = {name: editable()[name].text(settings.defaults[name]) for name in texts}
    return {name: text for name, text in texts.items() if text != usual[name] or name in draft.texts}


def _lines(texts: Mapping[str, str]) -> str:
    return "\n".join(f"{name} = {text}" for name, text in texts.items() if name not in MAIN)


def _parsed(lines: str) -> dict[str, str]:
    """Return the further settings by parameter.

    Raises
    ------
    ParameterError
        If a line is no ``key = value``, or its key has a field of its own.
    """
    texts: dict[str, str] = {}
    for line in filter(str.strip, lines.splitlines()):
        key, sign, text = (part.strip() for part in line.partition("="))
        if not (sign and key and text):
            raise ParameterError(f"{line.strip()!r} sets nothing", expected="key = value")
        if key in {*texts, *MAIN}:
            where = f"above: {plain_name(key)}" if key in MAIN else "on one line"
            raise ParameterError(f"{key} is set twice", expected=where)
        texts[key] = text
    return texts
