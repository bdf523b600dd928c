"""What stands above every page: its name, the profile and session it is about, how that report stands, who looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.queries.reports.listing import RunReports
from core.queries.runs.by_session import NamedRun, runs_of_session, sessions
from core.queries.runs.run_labels import line_of_work
from core.registry.choosing import profiles_here
from core.registry.origins import session_of_run
from dashboard import compact, login, searching, shell, states

PROFILE, SESSION, RUN = "header_profile", "header_session", "header_run"

GROUPS = {
    "overview": ("overview", "profiles"), "profiles": ("overview", "profiles"),
    "runs": ("runs", "compare"), "start": ("runs", "start", "compare"), "compare": ("runs", "compare"),
    "data": ("data", "features"), "features": ("data", "features"),
    "model": ("model", "predictions", "trends"), "predictions": ("model", "predictions", "trends"),
    "trends": ("model", "predictions", "trends"),
}  # fmt: skip
"""Page -> the pages that belong together; they are one entry of the bar, and each has its own address."""

LABELS = {
    "overview": "Today", "profiles": "Profiles", "runs": "Runs", "start": "New run", "compare": "Compare",
    "data": "Data", "features": "Features", "model": "Model", "predictions": "Signals", "trends": "Over time",
}  # fmt: skip
"""Page -> its name: in the bar, above it and among its siblings the same."""

BEGINS = ("overview", "runs")
"""Pages on which the way to a new run is what stands out."""

OF_ALL = ("overview", "runs", "audit", "schedules")
"""Pages about every profile, or about the one that is chosen above."""

OF_ONE = ("compare", "trends")
"""Pages about a profile, whatever the session."""

OF_NONE = ("start", "profiles")
"""Pages above which nothing is chosen: a run that is not there yet, and the list of all profiles."""

EVERY = "All profiles"


@dataclass(frozen=True)
class PageContext:
    """What the pages are about: a run by its profile and session, and how its report stands."""

    run: Run
    profile: str
    session: str
    state: str


def draw(page: str, title: str) -> None:
    """Draw the head of a page and name the browser's tab after it."""
    if page in (*OF_ALL, *OF_NONE):
        shell.keep_looked_at()
    about = None if page in (*OF_ALL, *OF_NONE) else _context()
    session = about.session if about and page not in OF_ONE else ""
    where = f"{about.profile} {session}".strip() if about else shell.scope() if page in OF_ALL else ""
    icon = states.sign(about.state) if about else states.NO_STATE
    st.set_page_config(
        page_title=" · ".join(filter(None, (title, where, "Afterclose"))), page_icon=icon,
        menu_items={"About": shell.whereabouts()},
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        with st.container(key="page-name"):
            st.title(title, anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=_key(page)):
            if page == "start":  # about a run that is not there yet
                st.caption("Choose prices, look at them, run.", width="content")
            elif page == "profiles":
                st.caption("What each reads, how it runs, what it sets.", width="content")
            elif page in OF_ALL:
                _scope()
            elif about:
                _pickers(about, page)
        compact.draw(shell.who(), width="content")
        searching.opener()
        login.farewell()
    with st.container(horizontal=True, gap="small", key="belongs-together"):
        for name in GROUPS.get(page, ()):
            label = f"**{LABELS[name]}**" if name == page else LABELS[name]
            shell.page_link(name, label, query=shell.address())
        if page in BEGINS:
            shell.page_link("start", "New run", help_="The sample, a newer file of yours, or a service")


def _key(page: str) -> str:
    """Return the name of the place of what is chosen: on a phone each has its own height."""
    return "about-all" if page in (*OF_ALL, *OF_ONE) else "about-new" if page in OF_NONE else "about"


def _scope() -> None:
    """Draw the choice of the profile that a page about all of them is narrowed to."""
    names, chosen = _profiles(*_root()), shell.scope()
    if not names:
        return
    options = ["", *names] if chosen in ("", *names) else ["", chosen, *names]
    st.session_state[shell.SCOPE] = chosen  # the address has the say
    st.selectbox(
        "Profile", options, key=shell.SCOPE, width=200, label_visibility="collapsed", on_change=_scope_picked,
        format_func=lambda name: name or EVERY,
    )  # fmt: skip


def _scope_picked() -> None:
    name = str(st.session_state[shell.SCOPE] or "")
    shell.narrow_to(name, has_report=bool(name and _sessions(*_root(), name)))


def _context() -> PageContext | None:
    """Return what is looked at; None before there is a run, and where the address names none (the page says so)."""
    try:
        run = shell.chosen_run()
        if run is None:
            return None
        settings = shell.settings()
        profile = line_of_work(settings, run)
        return PageContext(run, profile, session_of_run(settings, run) or "", _state(run))
    except AftercloseError:
        return None


def _state(run: Run) -> str:
    """Return how the report of a run stands; of a run without one how the run stands."""
    state = RunReports(shell.settings()).with_publication(run).report_state
    return state.replace("_", " ") or run.state


def _pickers(about: PageContext, page: str) -> None:
    names = _profiles(*_root())
    if about.profile not in names:
        names = [about.profile, *names]
    st.session_state[PROFILE] = about.profile  # the address has the say, also over what was picked before
    st.selectbox(
        "Profile", names, key=PROFILE, width=200, label_visibility="collapsed", on_change=_profile_picked
    )
    if page in OF_ONE:
        return
    several = list(_sessions(*_root(), about.profile))
    place = several.index(about.session) if about.session in several else None
    _step("‹", "Earlier session", several, None if place is None else place + 1, about.profile)
    options = several if place is not None else ["", *several]
    st.session_state[SESSION] = about.session if place is not None else ""
    missing = "not known" if about.run.active else "no session"
    st.selectbox(
        "Session", options, key=SESSION, width=138, label_visibility="collapsed", on_change=_session_picked,
        format_func=lambda session: session or missing, args=(about.profile,),
    )  # fmt: skip
    _step("›", "Later session", several, place - 1 if place else None, about.profile)
    _which_run(about, page)
    if page != "run":  # there the run's own state stands below, and its sign-off among the stages
        badge = f'<span class="header-state">{compact.badge(about.state)}</span>'
        compact.draw(badge, width="content")


_SHORT = 10
"""Characters of a run's name that fit into the narrower of its two places."""


def _which_run(about: PageContext, page: str) -> None:
    """Draw which run of the session is shown: a choice where several made a report of it, and the way to it."""
    several = _of_session(*_root(), about.profile, about.session) if about.session else {}
    own = about.run.keys.get("report", "")
    if len(several) > 1 and own in several:
        st.session_state[RUN] = own
        width = 118 if len(several[own].name) < _SHORT else 190
        st.selectbox(
            "Run", list(several), key=RUN, width=width, label_visibility="collapsed", on_change=_run_picked,
            args=(several,), format_func=lambda key: several[key].name,
        )  # fmt: skip
        label = "Run"
    else:
        label = several[own].link if own in several else "Run"
    if page != "run":
        help_ = f"Run {about.run.run_id}: its stages and log"
        shell.page_link("run", f":blue[{label}]", run=about.run.run_id, help_=help_)


def _run_picked(several: Mapping[str, NamedRun]) -> None:
    shell.look_at(several[str(st.session_state[RUN])].run_id)


def _step(sign: str, label: str, several: list[str], place: int | None, profile: str) -> None:
    session = several[place] if place is not None and place < len(several) else ""
    st.button(
        sign, key=f"step-{label.split(maxsplit=1)[0].lower()}", help=label, type="tertiary", disabled=not session,
        on_click=shell.look_at_session, args=(profile, session),
    )  # fmt: skip


def _profile_picked() -> None:
    shell.look_at_session(str(st.session_state[PROFILE]), "")


def _session_picked(profile: str) -> None:
    if st.session_state[SESSION]:
        shell.look_at_session(profile, str(st.session_state[SESSION]))


def _root() -> tuple[str, str, int]:
    settings, journal = shell.settings(), shell.journal()
    return str(settings.data), settings.journal, journal.count_runs() if journal else 0


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _profiles(*root: object) -> list[str]:
    del root  # they tell two desks apart, and a desk before and after a run
    return profiles_here(shell.settings())


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _sessions(*about: object) -> dict[str, str]:
    return sessions(shell.settings(), str(about[-1]))


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _of_session(*about: object) -> dict[str, NamedRun]:
    return runs_of_session(shell.settings(), str(about[-2]), str(about[-1]))
