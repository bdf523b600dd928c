"""The form of a run: it is judged by the plan as it is filled in, and can be filled by an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.parameters import Value
from core.queries.runs.preview import Preview, preview
from core.request import roots
from core.request.form import filled_by, main_fields, more_fields, request_of
from core.request.profiles import PROFILE
from core.sources.addresses.address import names_address
from dashboard import acting, fields, looking, shell, starting
from dashboard.words import literal

CLONE = "clone"
"""In the address: the run that fills the form."""

_OPEN = "new"
"""In the address: whether the form is open."""

_NO_PROFILE = "(none)"
_CLONED = "cloned_from"
_MORE_DRAWN = "more_drawn"


def take(run: Run) -> None:
    """Fill the form with what ``run`` asked for; what it left to the settings is as they are now."""
    now = shell.settings()
    profile = run.request.get(PROFILE, "")
    under = now.under(profile) if profile in now.profiles else now
    _fill(filled_by(run.request, under.defaults))
    st.session_state[PROFILE] = profile if profile in now.profiles else _NO_PROFILE
    st.session_state[_CLONED] = run.run_id


def take_from_address() -> None:
    """Fill the form once with the run that the address names, and forget it there."""
    run_id = st.query_params.pop(CLONE, None)
    if run_id:
        take(shell.run_named(shell.journal(), run_id))
        open_form()


def open_form() -> None:
    """Let the form be open when the page is drawn next."""
    st.query_params[_OPEN] = "1"


def open_as(run: Run | None) -> None:
    """Let the form be open, filled in as ``run`` was."""
    if run is not None:
        take(run)
        open_form()


def is_open() -> bool:
    """Return whether the form is open."""
    return _OPEN in st.query_params


def _close_form() -> None:
    st.query_params.pop(_OPEN, None)


def drawer(*, needed: bool) -> None:
    """Draw the form while it is open.

    Parameters
    ----------
    needed : bool
        Whether there is nothing else on the page: it is open then, without a button.
    """
    with shell.guarded():
        take_from_address()
    with st.container(key="form-place"):
        if needed or is_open():
            _show()
        if is_open() and not needed:
            st.button(
                "Close the form",
                icon=":material/close:",
                key="close-form",
                on_click=_close_form,
                type="tertiary",
            )


def _show() -> None:
    """Draw the form; it is drawn anew by itself as it is filled in."""

    @st.fragment(key="form")
    def draw() -> None:
        with shell.guarded():
            _form()

    with st.container(border=True, key="request"):
        draw()


def _form() -> None:
    with st.container(key="cloned"):
        if st.session_state.get(_CLONED):
            st.caption(f"Filled in as run {literal(str(st.session_state[_CLONED]))} was.")
    profile = _profile()
    defaults = shell.settings().under(profile).defaults
    drawn = _fields(defaults)
    request = request_of(drawn.values, defaults)
    request = {PROFILE: profile, **request} if profile else request
    mistakes, general, plan = _judgement(drawn, request)
    refused = acting.refusal("launch")
    drawn.tell(mistakes)
    missing = not mistakes and drawn.values["source"] == "files" and not request.get("path")
    if missing:
        drawn.places["path"].caption("Name a file or folder of prices on this machine, or an address.")
    if drawn.values["source"] == "files" and not missing and not mistakes:
        looking.show(request)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Run", type="primary", icon=":material/play_arrow:", key="run",
            disabled=refused is not None or bool(mistakes or general or missing),
        )  # fmt: skip
        _beside_the_button(refused, mistakes, general, missing=missing)
    if pressed:
        starting.confirm(request, plan=plan)


def _fields(defaults: Mapping[str, Value]) -> fields.Drawn:
    """Draw the fields: the main ones, and everything else where it is asked for."""
    main, drawn = main_fields(), fields.Drawn()
    drawn.choose(main["source"], defaults["source"])
    if drawn.values["source"] == "files":
        drawn.draw(main["path"], defaults["path"])
    with st.grid(4, min_column_width=180):
        for name in ("tickers", "start", "end", "mode"):
            drawn.draw(main[name], defaults[name])
    _more(drawn, defaults)
    return drawn


def _more(drawn: fields.Drawn, defaults: Mapping[str, Value]) -> None:
    """Draw everything else once it is asked for: a hundred elements that most runs do without."""
    more = st.expander("More options", key="more", on_change="rerun")
    if more.open:
        st.session_state[_MORE_DRAWN] = True
    if not st.session_state.get(_MORE_DRAWN):
        drawn.leave(more_fields(), defaults)
        return
    with more:  # drawn as well when it is closed again: what the fields hold counts
        for heading, parameters in more_fields().items():
            st.markdown(f"**{heading}**")
            with st.grid(4, min_column_width=180):
                for parameter in parameters:
                    drawn.draw(parameter, defaults[parameter.name])


def _judgement(drawn: fields.Drawn, request: Mapping[str, str]) -> tuple[dict[str, str], str, Preview | None]:
    """Return what is wrong by field and in general, as the plan would say it, or else what the run would do."""
    malformed = drawn.malformed()
    if malformed or not shell.can_write():
        return malformed, "", None
    if drawn.values["source"] == "files" and not request.get("path"):
        return {}, "", None  # nothing was typed yet, so nothing is wrong
    try:
        if names_address(request.get("path", "")):  # asked when Run is pressed, not at each letter
            roots.judge(request["path"], shell.settings(), parameter="path")
            return {}, "", None
        plan = preview(shell.settings(), request, now=datetime.now(UTC))
    except AftercloseError as error:
        at_fault = error.parameter
        in_place = at_fault in drawn.places
        return ({at_fault: str(error)}, "", None) if in_place else ({}, str(error), None)
    return {}, "", plan


def _beside_the_button(
    refused: str | None, mistakes: Mapping[str, str], general: str, *, missing: bool
) -> None:
    if refused is not None:
        st.caption(f"{refused} Nothing can be run from here.")
    elif general:
        st.markdown(fields.wrong(general))
    elif mistakes:
        st.caption("Correct what is marked, then run.")
    elif missing:
        st.caption("A path is needed, then it can run.")
    else:
        st.caption("What will be done is shown first.")


def _profile() -> str:
    """Draw the choice of a profile where the settings have any, and return its name, empty for none."""
    profiles = shell.settings().profiles
    if not profiles:
        return ""
    chosen = st.selectbox(
        "Profile", [_NO_PROFILE, *profiles], key=PROFILE, width=320, on_change=_profile_changed,
        help="A named set of parameters from luigi.cfg; what is changed below wins.",
    )  # fmt: skip
    return "" if chosen == _NO_PROFILE else str(chosen)


def _profile_changed() -> None:
    chosen = str(st.session_state[PROFILE])
    _fill(shell.settings().under("" if chosen == _NO_PROFILE else chosen).defaults)


def _fill(values: Mapping[str, Value]) -> None:
    fields.fill(values)
    st.session_state[_MORE_DRAWN] = True
